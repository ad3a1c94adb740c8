//! Rows of depth that carry no level but say something about the whole book.

use domain::event::BookLoss;

/// What a row of depth is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// A level.
    Level,
    /// A change or snapshot without any level.
    NoLevel,
    /// The book was lost because a change is missing.
    LostGap,
    /// The book was lost because the connection ended.
    LostDisconnected,
    /// The book was lost because it was crossed.
    LostCrossed,
    /// The book was lost because a change could not be read.
    LostUnreadable,
    /// Nothing arrives any more.
    FeedSilent,
    /// Something arrives again.
    FeedLive,
}

/// All of them; a code is a place in this list.
const ALL: [Status; 8] = [
    Status::Level,
    Status::NoLevel,
    Status::LostGap,
    Status::LostDisconnected,
    Status::LostCrossed,
    Status::LostUnreadable,
    Status::FeedSilent,
    Status::FeedLive,
];

impl Status {
    /// The number in the file.
    pub(crate) const fn code(self) -> i64 {
        self as i64
    }

    /// From the number in the file.
    pub(crate) fn of_code(code: i64) -> Option<Self> {
        usize::try_from(code).ok().and_then(|place| ALL.get(place)).copied()
    }

    pub(crate) const fn of_loss(loss: BookLoss) -> Self {
        match loss {
            BookLoss::Gap => Self::LostGap,
            BookLoss::Disconnected => Self::LostDisconnected,
            BookLoss::Crossed => Self::LostCrossed,
            BookLoss::Unreadable => Self::LostUnreadable,
        }
    }

    /// Why the book was lost, if it was.
    pub(crate) const fn loss(self) -> Option<BookLoss> {
        match self {
            Self::LostGap => Some(BookLoss::Gap),
            Self::LostDisconnected => Some(BookLoss::Disconnected),
            Self::LostCrossed => Some(BookLoss::Crossed),
            Self::LostUnreadable => Some(BookLoss::Unreadable),
            Self::Level | Self::NoLevel | Self::FeedSilent | Self::FeedLive => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_is_read_back_from_its_number() {
        for status in ALL {
            assert_eq!(Status::of_code(status.code()), Some(status));
            assert!(status.loss().is_none_or(|loss| Status::of_loss(loss) == status));
        }
        assert_eq!(Status::of_code(8), None);
        assert_eq!(Status::of_code(-1), None);
    }
}
