//! A recurrence of few rows whose steps nobody goes back through: a loop of the plan, in whose turns threads share the
//! units.
//!
//! So few rows are one chunk, which reads the whole recurrent kernel in every step. Here each turn is a phase, cut by
//! units: a chunk takes the panels of its units, gate by gate, and all of the state before. They stay in the near
//! cache of the thread that takes it in every turn.

use super::cell::Cell;
use super::step::{Parts, at_step};
use super::walk::{GRAIN, Recurrence, Sizes, by_row};
use crate::error::{Error, Result};
use crate::ops::product::{NS_PER_FMA, gemm_scratch};
use crate::plan::Frame;
use crate::plan::inline::Inlined;
use crate::plan::loops::{Among, Counted, Turns};
use crate::plan::lower::{Buffer, Lower};
use crate::plan::view::{Axes, UNIT};
use crate::tensor::DType;
use crate::variable::Layout;
use ridgeline_kernels::gemm::{Start, gemm, panel_width};
use ridgeline_kernels::recurrent::gru;
use ridgeline_kernels::tile::{dense, matrix};
use ridgeline_kernels::{Isa, TileMut};

/// Multiplications of a step that one thread does sooner than it meets another.
const ALONE: usize = 1 << 15;
/// Multiplications of a chunk, where there are enough for two: each makes several products and waits for the others.
const CHUNK: usize = 1 << 16;
/// Units of a chunk: panels whose sums, of one row, do not wait for each other.
const LEAST_UNITS: usize = 64;

impl Recurrence {
    /// Whether it goes that way.
    pub(super) fn takes_turns(&self, lower: &Lower, Sizes { batch, steps, units }: Sizes) -> bool {
        let mut goes_back = 1 + self.way.cell.states()..lower.node.outputs.len();
        let is_few = (1..=GRAIN).contains(&batch) && steps > 0;
        let is_shared = batch * self.way.cell.gates() * units * units > ALONE;
        // With several groups a step has products behind each other.
        let is_whole = units.is_multiple_of(UNIT) && units > UNIT && self.groups().len() == 1;
        is_few
            && is_shared
            && is_whole
            && !lower.is_in_loop()
            && !goes_back.any(|i| lower.is_used(i))
    }

    /// Lowers it that way.
    pub(super) fn turns(&self, lower: &mut Lower, z: &Buffer, sizes: Sizes) -> Result<()> {
        let Sizes { batch, steps, units } = sizes;
        let cell = self.way.cell;
        let isa = Isa::current().map_err(Error::argument)?;
        let kernel = lower.in_layout(1, Layout::Panels(panel_width(isa)))?;
        let mut rest = Vec::new();
        for i in 2 + cell.states()..lower.input_count() {
            rest.push(lower.input(i)?);
        }
        let (mut before, mut behind) = (Vec::new(), Vec::new());
        for state in 0..cell.states() {
            let first = lower.input(2 + state)?;
            let both = lower.temporary(&[2, batch, units], DType::F32, Layout::Plain);
            let mut at = |start: usize, turns: Option<Among>| {
                lower.plan.slot(&both, vec![batch, units], start * batch * units, turns)
            };
            let [begin, end] = [at(0, None)?, at(steps % 2, None)?];
            before.push(at(0, Some(Among { shift: 0, period: 2 }))?);
            behind.push(at(0, Some(Among { shift: 1, period: 2 }))?);
            lower.copy(&first, &begin);
            lower.alias(1 + state, &end);
        }
        let sequence = lower.temporary(&[steps, batch, units], DType::F32, Layout::Plain);
        let of_turn = Some(Among { shift: 0, period: steps });
        let output = lower.plan.slot(&sequence, vec![batch, units], 0, of_turn)?;

        let op = self.clone();
        let start = lower.plan.tasks.len();
        let gates = cell.gates();
        let product = gemm_scratch(batch, units, units);
        let chunks = 1 << (batch * gates * units * units / CHUNK).max(2).ilog2();
        let mut task = lower
            .task(batch, units)
            .split(Axes::COLS)
            // What all turns cost: that decides whether threads share them.
            .cost((steps * gates * units) as f64 * NS_PER_FMA * 2.0)
            .grain(1, (units / chunks).max(LEAST_UNITS))
            .scratch(batch * (2 * gates + cell.saved()) * units + product)
            .read(by_row(z, batch))
            .read(kernel.matrix())
            .read(before[0].matrix());
        if let Some(c) = before.get(1) {
            task = task.read(c.matrix().along(Axes::COLS));
        }
        for (i, buffer) in (2 + cell.states()..).zip(&rest) {
            let bias = self.bias() == Some(i);
            task = task.read(if bias { buffer.whole() } else { by_row(buffer, batch) });
        }
        for to in [&output].into_iter().chain(&behind) {
            task = task.write(to.matrix().along(Axes::COLS));
        }
        task.run(move |f| op.turn(f, sizes));
        let none = Inlined::default;
        let body = none().followed_by(lower.plan.tasks.split_off(start));
        let counted = Turns::Counted(Counted { count: steps, reverse: false });
        lower.repeat(none(), body, counted, &|_| false);

        let way = self.way;
        if !lower.is_used(0) {
            return Ok(());
        }
        if batch == 1 && way.output(0, steps) == 0 {
            lower.alias(0, &sequence);
            return Ok(());
        }
        let to = lower.output(0);
        lower
            .task(batch, units)
            .split(Axes::ROWS)
            .cost(steps as f64 * 0.1)
            .read(sequence.view(steps, batch * units))
            .write(by_row(&to, batch))
            .run(move |f| {
                let mut to = f.tile_mut(0);
                for (row, of) in f.rows().enumerate() {
                    for s in 0..steps {
                        let at = way.output(s, steps) * units;
                        let from = f.tile(0).part(s..s + 1, of * units..(of + 1) * units);
                        to.part(row..row + 1, at..at + units).copy_from(from);
                    }
                }
            });
        Ok(())
    }

    /// One step of all rows, for the units of a part.
    fn turn(&self, f: &Frame, Sizes { batch: rows, steps, units }: Sizes) {
        let (isa, way, gates) = (f.isa, self.way, self.way.cell.gates());
        let at = way.input(f.time(), steps);
        let z = at_step(f.tile(0), at, steps);
        let (kernel, h) = (f.packed(1), f.tile(2));
        // Reads stand in the order of the inputs.
        let bias = self.bias().map(|i| f.floats(i));
        let valid = self.valid().map(|i| at_step(f.tile(i), at, steps));
        let (mut output, mut h_next) = (f.tile_mut(0), f.tile_mut(1));
        let lstm = way.cell == Cell::Lstm;
        let (c, mut c_next) = (lstm.then(|| f.tile(3)), lstm.then(|| f.tile_mut(2)));

        let (taken, in_place) = (f.cols().len(), way.cell.sums_in_place());
        let wide = gates * taken;
        let (input, own) = f.scratch().split_at_mut(rows * wide);
        let (sums, own) = own.split_at_mut(rows * wide);
        let (saved, scratch) = own.split_at_mut(rows * way.cell.saved() * taken);
        for gate in 0..gates {
            let from = gate * units + f.cols().start..gate * units + f.cols().end;
            let to = gate * taken..(gate + 1) * taken;
            let memory = if in_place { &mut *saved } else { &mut *input };
            dense(memory, rows).columns(to.clone()).copy_from(z.part(0..rows, from.clone()));
            let start = match bias {
                Some(bias) => Start::Bias(&bias[from.clone()]),
                None if in_place => Start::Accumulate,
                None => Start::Zero,
            };
            let mut all = dense(if in_place { &mut *saved } else { &mut *sums }, rows);
            gemm(isa, h, kernel.columns(from), all.columns(to), start, scratch);
        }
        let apart = (!in_place).then(|| [matrix(input, rows), matrix(sums, rows)]);
        let mut saved = dense(saved, rows);
        if let Some([z, sums]) = apart {
            gru::gates(isa, way.recurrent_activation, z, sums, saved.all());
        }
        let before = h.part(0..rows, f.cols());
        // A cell without it does not look.
        let parts = Parts { apart, valid, h: before, c: c.unwrap_or(before) };
        let mut none = [];
        let c_next = c_next.as_mut().map_or(dense(&mut none, rows), TileMut::all);
        way.state(isa, parts, saved, c_next, h_next.all());
        output.copy_from(h_next.as_tile());
    }
}
