//! The hash chain of the event log: who edits, deletes, inserts or moves a line breaks it.

use helder_types::Digest;

/// One line of the log, without its own digest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link<'a> {
    pub(crate) organisation: &'a str,
    pub(crate) sequence: i64,
    pub(crate) at: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) client: &'a str,
    pub(crate) action: &'a str,
    pub(crate) object: &'a str,
    pub(crate) details: &'a str,
    pub(crate) previous: &'a str,
}

/// What the first line of an organisation names as its previous one.
pub(crate) fn genesis(organisation: &str) -> Digest {
    Digest::of(format!("helder event log/1\n{organisation}").as_bytes())
}

impl Link<'_> {
    /// SHA-256 over all fields, each with its length before it, so that no two lines read the same.
    pub(crate) fn digest(&self, buffer: &mut Vec<u8>) -> Digest {
        let sequence = self.sequence.to_be_bytes();
        let fields: [&[u8]; 9] = [
            self.previous.as_bytes(),
            self.organisation.as_bytes(),
            &sequence,
            self.at.as_bytes(),
            self.subject.as_bytes(),
            self.client.as_bytes(),
            self.action.as_bytes(),
            self.object.as_bytes(),
            self.details.as_bytes(),
        ];
        buffer.clear();
        for field in fields {
            buffer.extend_from_slice(&(field.len() as u64).to_be_bytes());
            buffer.extend_from_slice(field);
        }
        Digest::of(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: Link<'static> = Link {
        organisation: "GM0772",
        sequence: 1,
        at: "2026-11-22T00:00:00.000000Z",
        subject: "anna",
        client: "cli",
        action: "project.create",
        object: "/projects/1",
        details: "{}",
        previous: "sha256:00",
    };

    #[test]
    fn text_cannot_move_from_one_field_to_the_next() {
        let mut buffer = Vec::new();
        let one = Link {
            subject: "ann",
            client: "acli",
            ..LINK
        }
        .digest(&mut buffer);
        assert_ne!(LINK.digest(&mut buffer), one);
        assert_ne!(
            LINK.digest(&mut buffer),
            Link {
                sequence: 2,
                ..LINK
            }
            .digest(&mut buffer)
        );
        assert_eq!(LINK.digest(&mut buffer), LINK.digest(&mut Vec::new()));
    }
}
