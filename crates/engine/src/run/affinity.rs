//! Affinity: the CPUs that a thread may use. Linux tells and can be told, others cannot.

pub use system::{Cpus, Thread};

#[cfg(target_os = "linux")]
mod system {
    use rustix::thread::{CpuSet, Pid, gettid, sched_getaffinity, sched_getcpu, sched_setaffinity};

    /// A thread of this process.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Thread(Pid);

    impl Thread {
        /// The caller.
        pub fn current() -> Thread {
            Thread(gettid())
        }
    }

    /// A set of CPUs.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Cpus(CpuSet);

    impl Cpus {
        /// Those `thread` may use.
        pub fn of(thread: Thread) -> Option<Cpus> {
            sched_getaffinity(Some(thread.0)).ok().map(Cpus)
        }

        /// These without the one the caller is on, if that is known and others are left.
        pub fn elsewhere(mut self) -> Option<Cpus> {
            let here = sched_getcpu();
            if here >= CpuSet::MAX_CPU {
                return None;
            }
            self.0.unset(here);
            (self.0.count() > 0).then_some(self)
        }

        /// Confines `thread` to these. False where that is forbidden: it stays as it was.
        pub fn confine(self, thread: Thread) -> bool {
            sched_setaffinity(Some(thread.0), &self.0).is_ok()
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    /// A thread of this process.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Thread;

    impl Thread {
        /// The caller.
        pub fn current() -> Thread {
            Thread
        }
    }

    /// A set of CPUs.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum Cpus {}

    impl Cpus {
        /// Not known.
        pub fn of(_: Thread) -> Option<Cpus> {
            None
        }

        /// These without the one the caller is on, if others are left.
        pub fn elsewhere(self) -> Option<Cpus> {
            match self {}
        }

        /// Confines `thread` to these.
        pub fn confine(self, _: Thread) -> bool {
            match self {}
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_confined_thread_leaves_its_cpu() {
        let me = Thread::current();
        let all = Cpus::of(me).unwrap();
        let Some(elsewhere) = all.elsewhere() else { return };
        if !elsewhere.confine(me) {
            return;
        }
        assert_eq!(Cpus::of(me), Some(elsewhere));
        // On one of the others now: without it, at least one fewer is left.
        assert_ne!(elsewhere.elsewhere(), Some(elsewhere));
        all.confine(me);
        assert_eq!(Cpus::of(me), Some(all));
    }
}
