//! Event files, as TensorBoard reads them: records of protobuf messages, framed by lengths and CRC-32C
//! (TensorFlow's `record_writer` and `event.proto`, `summary.proto`).

use crate::error::Result;
use crate::file::failure;
use prost::Message;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Clone, PartialEq, Message)]
struct Event {
    #[prost(double, tag = "1")]
    wall_time: f64,
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(string, optional, tag = "3")]
    file_version: Option<String>,
    #[prost(message, optional, tag = "5")]
    summary: Option<Summary>,
}

#[derive(Clone, PartialEq, Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    value: Vec<SummaryValue>,
}

#[derive(Clone, PartialEq, Message)]
struct SummaryValue {
    #[prost(string, tag = "1")]
    tag: String,
    #[prost(float, optional, tag = "2")]
    simple_value: Option<f32>,
    #[prost(message, optional, tag = "5")]
    histo: Option<Histogram>,
}

#[derive(Clone, PartialEq, Message)]
struct Histogram {
    #[prost(double, tag = "1")]
    min: f64,
    #[prost(double, tag = "2")]
    max: f64,
    #[prost(double, tag = "3")]
    num: f64,
    #[prost(double, tag = "4")]
    sum: f64,
    #[prost(double, tag = "5")]
    sum_squares: f64,
    #[prost(double, repeated, tag = "6")]
    bucket_limit: Vec<f64>,
    #[prost(double, repeated, tag = "7")]
    bucket: Vec<f64>,
}

/// Buckets of a histogram.
const BUCKETS: usize = 30;

impl Histogram {
    /// The histogram of numbers, in buckets of one width; those that are not finite are left out.
    fn of(values: &[f32]) -> Histogram {
        let finite = || values.iter().copied().filter(|x| x.is_finite()).map(f64::from);
        let (min, max) = finite()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
        let mut of = Histogram::default();
        if min > max {
            return of;
        }
        // Numbers that are all the same stand in one bucket with a width.
        let width = if max > min { (max - min) / BUCKETS as f64 } else { 1.0 };
        of.bucket = vec![0.0; if max > min { BUCKETS } else { 1 }];
        of.bucket_limit = (1..=of.bucket.len()).map(|i| min + width * i as f64).collect();
        (of.min, of.max) = (min, max);
        for x in finite() {
            let at = (((x - min) / width) as usize).min(of.bucket.len() - 1);
            of.bucket[at] += 1.0;
            of.num += 1.0;
            of.sum += x;
            of.sum_squares += x * x;
        }
        of
    }
}

/// An event file that grows.
pub struct EventFile {
    path: PathBuf,
    file: File,
}

impl EventFile {
    /// A new file, which must not be there yet.
    ///
    /// # Errors
    /// `ERR_IO` when it cannot be written.
    pub fn create(path: &Path) -> Result<EventFile> {
        let file = OpenOptions::new().append(true).create_new(true).open(path);
        let file = file.map_err(|error| failure(path, "write", error))?;
        let mut events = EventFile { path: path.to_owned(), file };
        events.write(0, Some("brain.Event:2".to_owned()), None)?;
        Ok(events)
    }

    /// Adds numbers of a step, by their tags.
    ///
    /// # Errors
    /// As [`EventFile::create`].
    pub fn scalars(&mut self, step: i64, values: &[(String, f64)]) -> Result<()> {
        let value = |(tag, value): &(String, f64)| SummaryValue {
            tag: tag.clone(),
            simple_value: Some(*value as f32),
            histo: None,
        };
        self.write(step, None, Some(Summary { value: values.iter().map(value).collect() }))
    }

    /// Adds the histogram of numbers at a step.
    ///
    /// # Errors
    /// As [`EventFile::create`].
    pub fn histogram(&mut self, step: i64, tag: &str, values: &[f32]) -> Result<()> {
        let histo = Some(Histogram::of(values));
        let value = vec![SummaryValue { tag: tag.to_owned(), simple_value: None, histo }];
        self.write(step, None, Some(Summary { value }))
    }

    fn write(
        &mut self,
        step: i64,
        file_version: Option<String>,
        summary: Option<Summary>,
    ) -> Result<()> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let wall_time = now.map_or(0.0, |time| time.as_secs_f64());
        let event = Event { wall_time, step, file_version, summary }.encode_to_vec();
        let length = (event.len() as u64).to_le_bytes();
        let record = [
            &length[..],
            &masked_crc(&length).to_le_bytes(),
            &event,
            &masked_crc(&event).to_le_bytes(),
        ];
        // At once, so that a reader, or whoever is left after a kill, finds whole records alone.
        let written = self.file.write_all(&record.concat());
        written.map_err(|error| failure(&self.path, "write", error))
    }
}

/// The checksum, rotated and shifted so that one of data with checksums in it is none of them.
fn masked_crc(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_whole() {
        let path = std::env::temp_dir().join(format!("ridgeline-events-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let mut file = EventFile::create(&path).unwrap();
        file.scalars(3, &[("loss".to_owned(), 0.5), ("nan".to_owned(), f64::NAN)]).unwrap();
        file.histogram(4, "w", &[0.0, 1.0, 1.0, 3.0, f32::NAN]).unwrap();
        assert!(EventFile::create(&path).is_err());
        let bytes = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let (mut events, mut rest) = (Vec::new(), &bytes[..]);
        while let Some((length, after)) = rest.split_first_chunk::<8>() {
            let (crc, after) = after.split_first_chunk::<4>().unwrap();
            assert_eq!(u32::from_le_bytes(*crc), masked_crc(length));
            let (event, after) = after.split_at(u64::from_le_bytes(*length) as usize);
            let (crc, after) = after.split_first_chunk::<4>().unwrap();
            assert_eq!(u32::from_le_bytes(*crc), masked_crc(event));
            events.push(Event::decode(event).unwrap());
            rest = after;
        }
        assert_eq!(events.len(), 3);
        assert_eq!(events[0].file_version.as_deref(), Some("brain.Event:2"));
        let scalars = &events[1].summary.as_ref().unwrap().value;
        assert_eq!((events[1].step, scalars[0].simple_value), (3, Some(0.5)));
        assert!(scalars[1].simple_value.unwrap().is_nan());
        let histo = events[2].summary.as_ref().unwrap().value[0].histo.clone().unwrap();
        assert_eq!((histo.min, histo.max, histo.num, histo.sum), (0.0, 3.0, 4.0, 5.0));
        assert_eq!(histo.bucket.iter().sum::<f64>(), 4.0);
        assert_eq!((histo.bucket[0], histo.bucket[10], histo.bucket[29]), (1.0, 2.0, 1.0));
        assert_eq!(histo.bucket_limit[29], 3.0);
        let same = Histogram::of(&[2.0, 2.0]);
        assert_eq!((same.bucket, same.bucket_limit), (vec![2.0], vec![3.0]));
        assert_eq!(Histogram::of(&[f32::NAN]).num, 0.0);
    }

    #[test]
    fn checksums_are_those_of_tensorflow() {
        // crc32c("123456789") is 0xe3069283 (RFC 3720); the mask is that of TensorFlow's crc32c.h.
        assert_eq!(crc32c::crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(masked_crc(b"123456789"), 0xc78a_b0e5);
    }
}
