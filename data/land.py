#!/usr/bin/env python3
"""Makes src/report/land.path, the outline of the land on the report's map.

The outline is that of Natural Earth (https://www.naturalearthdata.com, public domain) at
1:110 million, as the npm package world-atlas has it:

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    data/land.py package/land-110m.json > src/report/land.path

One SVG path in tenths of a degree: x from 180 degrees west, y from 90 degrees north.
Antarctica is left out.
"""

import json
import sys

# Where the map ends in the south, in degrees.
SOUTH = -60


def arcs(topology):
    """Lists of (longitude, latitude)."""
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * sx + tx, y * sy + ty))
        yield points


def ring(indices, lines):
    points = []
    for index in indices:
        line = lines[index] if index >= 0 else lines[~index][::-1]
        points.extend(line[1:] if points else line)
    return points


def unwrapped(points):
    """Lets lines that cross the date line go on beyond 180 degrees."""
    turn, before = 0, None
    for longitude, latitude in points:
        if before is not None and abs(longitude - before) > 180:
            turn += 360 if longitude < before else -360
        before = longitude
        yield longitude + turn, latitude


def path(points):
    """A closed line in relative steps, without steps of no length."""
    at = None
    steps = []
    for longitude, latitude in points:
        point = (round((longitude + 180) * 10), round((90 - latitude) * 10))
        if at is None:
            steps.append(f"M{point[0]} {point[1]}l")
        elif point != at:
            dx, dy = point[0] - at[0], point[1] - at[1]
            steps.append(f"{dx}{dy}" if dy < 0 else f"{dx} {dy}")
            if len(steps) > 2 and not steps[-1].startswith("-"):
                steps[-1] = " " + steps[-1]
        at = point
    return "".join(steps) + "z" if len(steps) > 3 else ""


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        topology = json.load(file)
    lines = list(arcs(topology))
    for geometry in topology["objects"]["land"]["geometries"]:
        for polygon in geometry["arcs"]:
            for indices in polygon:
                points = list(unwrapped(ring(indices, lines)))
                if max(latitude for _, latitude in points) <= SOUTH:
                    continue
                # What lies beyond one edge of the map is drawn at the other edge too.
                east, west = max(x for x, _ in points) > 180, min(x for x, _ in points) < -180
                for shift in [0] + [-360] * east + [360] * west:
                    print(path([(x + shift, y) for x, y in points]))


main()
