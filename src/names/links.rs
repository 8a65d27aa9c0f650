//! Which forms mean the same name: disjoint sets (Tarjan 1975), each by its earliest form.

use super::form::Map;

/// Disjoint sets of forms.
pub(super) struct Links {
    parents: Vec<usize>,
}

impl Links {
    pub(super) fn new(forms: usize) -> Self {
        Self {
            parents: (0..forms).collect(),
        }
    }

    /// The root of the set of `form`: the form mentioned first.
    pub(super) fn root(&mut self, mut form: usize) -> usize {
        while self.parents[form] != form {
            self.parents[form] = self.parents[self.parents[form]];
            form = self.parents[form];
        }
        form
    }

    /// The number of forms in each set, by its root.
    pub(super) fn sizes(&mut self) -> Map<usize, usize> {
        let mut sizes = Map::default();
        for form in 0..self.parents.len() {
            *sizes.entry(self.root(form)).or_default() += 1;
        }
        sizes
    }

    /// Joins the sets of two forms.
    pub(super) fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.parents[a.max(b)] = a.min(b);
    }

    /// The roots of the sets that forms are in, each once, in order.
    pub(super) fn roots(&mut self, forms: impl IntoIterator<Item = usize>) -> Vec<usize> {
        let mut roots: Vec<usize> = forms.into_iter().map(|form| self.root(form)).collect();
        roots.sort_unstable();
        roots.dedup();
        roots
    }
}
