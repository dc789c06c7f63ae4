//! Runs: a thread of their own, answering through deferred promises.
//!
//! A fit is a conversation. JavaScript calls `next(verdict)` and gets a promise; the run's thread
//! resolves it with the next event and then waits for the following `next`, whose verdict answers
//! the event. Native code never calls JavaScript, and a thread does not outlive its handle for
//! long: dropping the handle ends the wait.

use crate::error::{Result, convert, fail};
use napi::bindgen_prelude::{Object, ToNapiValue};
use napi::{Env, JsDeferred};
use napi_derive::napi;
use parking_lot::{Condvar, Mutex};
use ridgeline_engine::run::{runner, threads, turn};
use ridgeline_engine::step::Cancelled;
use ridgeline_engine::train::listener::{Listener, Report, Verdict};
use ridgeline_engine::{Code, Error};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A failure as data: promises resolve with it, the facade throws it.
#[napi(object)]
pub struct Failure {
    /// Stable code.
    pub code: String,
    /// What was expected and what came.
    pub message: String,
    /// Path of the layer, if known.
    pub layer: Option<String>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let code = error.code.as_str().to_owned();
        Failure { code, message: error.message, layer: error.layer }
    }
}

/// What a run has to say: an event of a fit, or the result of other work.
#[napi(object)]
#[derive(Default)]
pub struct NativeEvent {
    /// `batch`, `epoch` or `end`; the last epoch's logs come with the end.
    pub kind: String,
    /// Epoch, counted from 0.
    pub epoch: u32,
    /// Batch, counted from 0.
    pub batch: u32,
    /// Loss, penalty, then the sums that metrics are made of.
    pub logs: Vec<f64>,
    /// The same for validation data.
    pub validation: Option<Vec<f64>>,
    /// The failure that ended the run.
    pub failure: Option<Failure>,
}

impl NativeEvent {
    /// The end of work, well or not.
    pub fn end(outcome: Result<NativeEvent, Error>) -> NativeEvent {
        match outcome {
            Ok(event) => NativeEvent { kind: "end".to_owned(), ..event },
            Err(error) => NativeEvent {
                kind: "end".to_owned(),
                failure: Some(error.into()),
                ..NativeEvent::default()
            },
        }
    }
}

impl From<Report> for NativeEvent {
    fn from(report: Report) -> Self {
        NativeEvent {
            kind: if report.batch.is_some() { "batch" } else { "epoch" }.to_owned(),
            epoch: report.epoch as u32,
            batch: report.batch.unwrap_or(0) as u32,
            logs: report.logs,
            validation: report.validation,
            ..NativeEvent::default()
        }
    }
}

type Deferred<T> = JsDeferred<T, Box<dyn FnOnce(Env) -> napi::Result<T> + Send>>;

/// A promise and what settles it.
fn deferred<'env, T: ToNapiValue + Send + 'static>(
    env: &'env Env,
) -> Result<(Deferred<T>, Object<'env>)> {
    env.create_deferred().map_err(|e| fail("ERR_NATIVE", &e.reason))
}

fn resolve<T: ToNapiValue + Send + 'static>(deferred: Deferred<T>, with: T) {
    deferred.resolve(Box::new(move |_| Ok(with)));
}

/// Number of threads of a run: as many as asked for, or the default.
pub fn threads(asked: Option<u32>) -> Result<usize> {
    threads::resolve(asked.map(|n| n as usize)).map_err(convert)
}

/// Does `work` on a thread of its own; the promise resolves with its end, well or not.
pub fn spawn<'env, T: ToNapiValue + Send + 'static>(
    env: &'env Env,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    end: fn(Result<T, Error>) -> T,
) -> Result<Object<'env>> {
    promised(env, end, |resolve| {
        runner::start(move || {
            let outcome = end(guarded(work));
            Box::new(move || resolve(outcome))
        })
    })
}

/// As [`spawn`], when it is its turn among all that are done so: `work` is told how many of `threads`
/// it has.
pub fn spawn_in_turn<'env, T: ToNapiValue + Send + 'static>(
    env: &'env Env,
    threads: usize,
    work: impl FnOnce(usize) -> Result<T, Error> + Send + 'static,
    end: fn(Result<T, Error>) -> T,
) -> Result<Object<'env>> {
    promised(env, end, |resolve| {
        turn::start(threads, move |threads| {
            let outcome = end(guarded(|| work(threads)));
            Box::new(move || resolve(outcome))
        })
    })
}

/// A promise, and `start` which is given what resolves it. A deferred that is never settled would keep
/// the process alive, so a failed start settles it too.
fn promised<'env, T: ToNapiValue + Send + 'static>(
    env: &'env Env,
    end: fn(Result<T, Error>) -> T,
    start: impl FnOnce(Box<dyn FnOnce(T) + Send>) -> Result<(), Error>,
) -> Result<Object<'env>> {
    let (deferred, promise) = deferred(env)?;
    let deferred = Arc::new(Mutex::new(Some(deferred)));
    let settle = move |with: T| {
        if let Some(deferred) = deferred.lock().take() {
            resolve(deferred, with);
        }
    };
    if let Err(error) = start(Box::new(settle.clone())) {
        settle(end(Err(error.clone())));
        return Err(convert(error));
    }
    Ok(promise)
}

/// Runs `work`; a panic is an `ERR_NATIVE`.
fn guarded<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Error::native("the run thread panicked")))
}

/// What the two sides of a conversation share.
#[derive(Default)]
struct Talk {
    slot: Mutex<Slot>,
    turn: Condvar,
    cancelled: Cancelled,
    /// Epoch and batch (32 bits each), then batches, then the bits of the loss.
    place: AtomicU64,
    batches: AtomicU64,
    loss: AtomicU64,
}

#[derive(Default)]
struct Slot {
    deferred: Option<Deferred<NativeEvent>>,
    verdict: Verdict,
    abandoned: bool,
}

impl Talk {
    /// Waits for a listener and its verdict on what it heard last.
    fn wait(&self) -> Option<(Deferred<NativeEvent>, Verdict)> {
        let mut slot = self.slot.lock();
        loop {
            if slot.abandoned {
                return None;
            }
            if let Some(deferred) = slot.deferred.take() {
                return Some((deferred, std::mem::take(&mut slot.verdict)));
            }
            self.turn.wait(&mut slot);
        }
    }
}

/// The run's side of the conversation.
struct Speaker {
    talk: Arc<Talk>,
    deferred: Option<Deferred<NativeEvent>>,
    /// What the end will tell.
    last: NativeEvent,
}

impl Speaker {
    /// Tells an event and waits for the verdict on it.
    fn tell(&mut self, event: NativeEvent) -> Result<Verdict, Error> {
        let gone = || Error::new(Code::Native, "the run was abandoned");
        let deferred = match self.deferred.take() {
            Some(deferred) => deferred,
            None => self.talk.wait().ok_or_else(gone)?.0,
        };
        resolve(deferred, event);
        let (deferred, verdict) = self.talk.wait().ok_or_else(gone)?;
        self.deferred = Some(deferred);
        Ok(verdict)
    }
}

impl Listener for Speaker {
    fn report(&mut self, report: Report) -> Result<Verdict, Error> {
        self.tell(report.into())
    }
    fn finish(&mut self, report: Report) {
        self.last = report.into();
    }
    fn cancelled(&self) -> &Cancelled {
        &self.talk.cancelled
    }
    fn progress(&self, epoch: usize, batch: usize, batches: usize, loss: f64) {
        self.talk.loss.store(loss.to_bits(), Ordering::Relaxed);
        self.talk.batches.store(batches as u64, Ordering::Relaxed);
        self.talk.place.store((epoch as u64) << 32 | (batch as u64 + 1), Ordering::Relaxed);
    }
}

/// Where a run stands.
#[napi(object)]
pub struct Progress {
    /// Epoch, counted from 0.
    pub epoch: u32,
    /// Batches done in it.
    pub batch: u32,
    /// Batches of an epoch.
    pub batches: u32,
    /// Mean loss so far.
    pub loss: f64,
}

/// What JavaScript answers to an event.
#[napi(object)]
pub struct NativeVerdict {
    /// Stop now.
    pub stop: bool,
    /// Another learning rate from now on, in place of a schedule too.
    pub learning_rate: Option<f64>,
}

/// A fit under way.
#[napi]
pub struct NativeRun {
    talk: Arc<Talk>,
}

impl NativeRun {
    /// Starts `work` on a thread of its own.
    pub fn start(
        work: impl FnOnce(&mut dyn Listener) -> Result<(), Error> + Send + 'static,
    ) -> Result<NativeRun> {
        let talk = Arc::new(Talk::default());
        let last = NativeEvent::default();
        let mut speaker = Speaker { talk: Arc::clone(&talk), deferred: None, last };
        runner::start(move || {
            let outcome =
                guarded(|| work(&mut speaker)).map(|()| std::mem::take(&mut speaker.last));
            let deferred = speaker.deferred.take();
            let last = deferred.or_else(|| speaker.talk.wait().map(|(deferred, _)| deferred));
            Box::new(move || {
                if let Some(deferred) = last {
                    resolve(deferred, NativeEvent::end(outcome));
                }
            })
        })
        .map_err(convert)?;
        Ok(NativeRun { talk })
    }
}

#[napi]
impl NativeRun {
    /// Answers the last event and asks for the next.
    #[napi(catch_unwind, ts_return_type = "Promise<NativeEvent>")]
    pub fn next<'env>(&self, env: &'env Env, verdict: NativeVerdict) -> Result<Object<'env>> {
        let (deferred, promise) = deferred(env)?;
        let mut slot = self.talk.slot.lock();
        slot.deferred = Some(deferred);
        slot.verdict = Verdict { stop: verdict.stop, learning_rate: verdict.learning_rate };
        self.talk.turn.notify_all();
        Ok(promise)
    }

    /// Ends the run at the next batch, or in a loop.
    #[napi(catch_unwind)]
    pub fn cancel(&self) {
        self.talk.cancelled.tell();
    }

    /// Where the run stands, for a progress display.
    #[napi(catch_unwind)]
    pub fn progress(&self) -> Progress {
        let place = self.talk.place.load(Ordering::Relaxed);
        Progress {
            epoch: (place >> 32) as u32,
            batch: place as u32,
            batches: self.talk.batches.load(Ordering::Relaxed) as u32,
            loss: f64::from_bits(self.talk.loss.load(Ordering::Relaxed)),
        }
    }
}

impl Drop for NativeRun {
    fn drop(&mut self) {
        self.talk.cancelled.tell();
        self.talk.slot.lock().abandoned = true;
        self.talk.turn.notify_all();
    }
}
