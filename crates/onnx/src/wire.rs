//! The outermost layer of protobuf: the fields of one message, borrowed from its bytes.
//!
//! Decoding a whole model builds every list before anyone can count its entries, and copies every
//! weight. The reader therefore walks the two outer messages with this iterator, counts as it
//! goes, and decodes only the small messages it wants.

use crate::ModelError;

/// The value of a field, as the wire distinguishes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field<'a> {
    Varint(u64),
    /// A string, bytes or an embedded message.
    Bytes(&'a [u8]),
    /// A fixed32 or fixed64; no field the reader wants is one.
    Fixed,
}

/// Iterates over `(field number, value)`; ends after the first error.
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Fields { rest: bytes }
    }

    fn varint(&mut self) -> Result<u64, ModelError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) =
                self.rest.split_first().ok_or_else(|| malformed("it ends inside a number"))?;
            self.rest = rest;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(malformed("a number does not fit in 64 bits"))
    }

    fn take(&mut self, count: u64) -> Result<&'a [u8], ModelError> {
        let split = usize::try_from(count).ok().and_then(|count| self.rest.split_at_checked(count));
        let (taken, rest) = split.ok_or_else(|| malformed("it ends inside a field"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn field(&mut self) -> Result<(u32, Field<'a>), ModelError> {
        let key = self.varint()?;
        let number = u32::try_from(key >> 3)
            .ok()
            .filter(|&number| number != 0 && number < 1 << 29)
            .ok_or_else(|| malformed("a field number is out of range"))?;
        let value = match key & 7 {
            0 => Field::Varint(self.varint()?),
            1 => self.take(8).map(|_| Field::Fixed)?,
            2 => {
                let length = self.varint()?;
                Field::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Field::Fixed)?,
            _ => return Err(malformed("a field has an unknown wire type")),
        };
        Ok((number, value))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Field<'a>), ModelError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

fn malformed(reason: &str) -> ModelError {
    ModelError::Malformed { reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> Result<Vec<(u32, Field<'_>)>, ModelError> {
        Fields::new(bytes).collect()
    }

    #[test]
    fn reads_every_wire_type() {
        let bytes = [
            &[0x08, 0x96, 0x01][..],
            b"\x12\x02ok",
            &[0x1d, 0, 0, 0, 0],
            &[0x21, 0, 0, 0, 0, 0, 0, 0, 0],
        ]
        .concat();
        assert_eq!(
            all(&bytes).unwrap(),
            [
                (1, Field::Varint(150)),
                (2, Field::Bytes(b"ok")),
                (3, Field::Fixed),
                (4, Field::Fixed)
            ]
        );
    }

    #[test]
    fn reads_the_largest_number_and_no_larger() {
        let largest = [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert_eq!(all(&largest).unwrap(), [(1, Field::Varint(u64::MAX))]);
        let mut larger = largest;
        larger[10] = 0x02;
        assert!(all(&larger).is_err());
        let endless = [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert!(all(&endless).is_err());
    }

    #[test]
    fn rejects_what_is_no_field() {
        let cases: [&[u8]; 7] = [
            &[0x08],                                                 // a key alone
            &[0x08, 0x80],                                           // an unfinished number
            &[0x12, 3, 1, 2],                                        // a length beyond the end
            &[0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], // a length beyond any end
            &[0x0b],                                                 // a group
            &[0x00, 0x00],                                           // field number 0
            &[0x80, 0x80, 0x80, 0x80, 0x10, 0x00],                   // field number 2^29
        ];
        for bytes in cases {
            let mut fields = Fields::new(bytes);
            assert!(matches!(fields.next(), Some(Err(ModelError::Malformed { .. }))), "{bytes:x?}");
            assert!(fields.next().is_none(), "{bytes:x?}");
        }
    }
}
