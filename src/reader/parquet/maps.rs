//! Maps whose keys are not all strings, as JSON objects: keys are written as they are displayed, one that is
//! null as `null`.

use arrow_array::cast::AsArray;
use arrow_array::{Array, MapArray};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_json::EncoderOptions;
use arrow_json::writer::{Encoder, EncoderFactory, NullableEncoder, make_encoder};
use arrow_schema::{ArrowError, DataType, FieldRef};

/// Writes the maps that the library refuses.
#[derive(Debug)]
pub(super) struct Maps;

impl EncoderFactory for Maps {
    fn make_default_encoder<'a>(
        &self,
        field: &'a FieldRef,
        array: &'a dyn Array,
        options: &'a EncoderOptions,
    ) -> Result<Option<NullableEncoder<'a>>, ArrowError> {
        let Some(map) = array.as_map_opt() else {
            return Ok(None);
        };
        let known = [DataType::Utf8, DataType::LargeUtf8, DataType::Utf8View];
        if known.contains(map.key_type()) && map.keys().null_count() == 0 {
            return Ok(None);
        }
        let encoder = Objects {
            map,
            keys: ArrayFormatter::try_new(map.keys(), &FormatOptions::new().with_null("null"))?,
            values: make_encoder(field, map.values(), options)?,
        };
        let nulls = map.nulls().cloned();
        Ok(Some(NullableEncoder::new(Box::new(encoder), nulls)))
    }
}

struct Objects<'a> {
    map: &'a MapArray,
    keys: ArrayFormatter<'a>,
    values: NullableEncoder<'a>,
}

impl Encoder for Objects<'_> {
    fn encode(&mut self, row: usize, out: &mut Vec<u8>) {
        let offsets = self.map.value_offsets();
        let bound = |at: usize| {
            offsets
                .get(at)
                .map_or(0, |&at| usize::try_from(at).unwrap_or(0))
        };
        out.push(b'{');
        for (nth, entry) in (bound(row)..bound(row + 1)).enumerate() {
            if nth > 0 {
                out.push(b',');
            }
            let key = serde_json::Value::from(self.keys.value(entry).to_string());
            out.extend_from_slice(key.to_string().as_bytes());
            out.push(b':');
            match self.values.is_null(entry) {
                true => out.extend_from_slice(b"null"),
                false => self.values.encode(entry, out),
            }
        }
        out.push(b'}');
    }
}
