//! Agreement of the three nodes on whose inputs count, and at the end on the public result.
//!
//! An input counts when all three nodes hold shares of it with the same commitments: then the
//! shares are consistent, whatever the participant did. What a node told one of the others must be
//! what it told the other one, so every list is echoed as a hash.

use sha2::{Digest, Sha256};

use crate::net::{Channel, ChannelError, FrameKind, NodeIndex};

const HASH_BYTES: usize = 32;

/// Sends a payload to both others and returns everybody's, in the order of the nodes.
fn exchange(
    channel: &mut dyn Channel,
    items: u32,
    mine: &[u8],
) -> Result<[Vec<u8>; 3], ChannelError> {
    let me = channel.me();
    let others = [me.next(), me.previous()];
    for to in others {
        channel.send(to, FrameKind::Hash, items, mine)?;
    }
    let mut all = [const { Vec::new() }; 3];
    mine.clone_into(&mut all[me.get()]);
    for from in others {
        channel.receive(from, FrameKind::Hash, items, &mut all[from.get()])?;
    }
    Ok(all)
}

/// Fails unless all three nodes have the same hash.
///
/// # Errors
/// [`ChannelError::Unexpected`], naming a node that differs and `what` differs.
pub(super) fn must_agree(
    channel: &mut dyn Channel,
    what: &str,
    hash: [u8; HASH_BYTES],
) -> Result<(), ChannelError> {
    let all = exchange(channel, 1, &hash)?;
    let me = channel.me();
    for from in NodeIndex::ALL {
        if from != me && all[from.get()] != hash {
            let what = format!("it has another {what}");
            return Err(ChannelError::Unexpected { from, what });
        }
    }
    Ok(())
}

/// Finds the participants whose input is whole. `commitments` has one entry per participant of the
/// session: what this node holds of it.
///
/// # Errors
/// [`ChannelError`] when a node stops, or tells different things to different nodes.
pub(super) fn contributors(
    channel: &mut dyn Channel,
    commitments: &[Option<[u8; HASH_BYTES]>],
) -> Result<Vec<usize>, ChannelError> {
    let mut mine = Vec::with_capacity(commitments.len() * HASH_BYTES);
    for commitment in commitments {
        // Zeros mean "nothing": nobody can find an input with that commitment.
        mine.extend_from_slice(&commitment.unwrap_or_default());
    }
    // The terms limit the participants to a few thousand.
    let items = u32::try_from(commitments.len()).unwrap_or(u32::MAX);
    let all = exchange(channel, items, &mine)?;
    for from in NodeIndex::ALL {
        if all[from.get()].len() != mine.len() {
            let what = "its list of submissions has another length".to_owned();
            return Err(ChannelError::Unexpected { from, what });
        }
    }
    let start = Sha256::new_with_prefix(b"algopioneer mpc rosters 1");
    let view = all.iter().fold(start, Sha256::chain_update).finalize();
    must_agree(channel, "view of the submissions", view.into())?;
    let lists = all.each_ref().map(|list| list.as_chunks::<HASH_BYTES>().0);
    let whole = |at: &usize| {
        let own = lists[0][*at];
        own != [0; HASH_BYTES] && own == lists[1][*at] && own == lists[2][*at]
    };
    Ok((0..commitments.len()).filter(whole).collect())
}
