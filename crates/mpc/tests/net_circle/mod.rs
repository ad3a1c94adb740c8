//! Three nodes in one process, connected by real sockets and real certificates.
#![allow(
    dead_code,
    clippy::cast_possible_truncation,
    clippy::unused_self,
    reason = "each test file uses a part of it, and there are three nodes"
)]

use std::{
    collections::BTreeSet,
    net::TcpListener,
    path::Path,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use mpc::net::{
    Channel as _, FrameKind, NodeIndex, Step, TlsChannel,
    frame::Header,
    hello::{Agreement, Hello, Mode, RunLimits},
    identity::{Authority, Fingerprint, Identity, Issued},
    link::Link,
    meeting::{self, Caller, Meeting, MeetingError, NodeAddress},
    tls::{Acceptor, Dialer},
};

pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// Makes an identity from fresh certificates, through files as in real use.
pub(crate) fn identity(
    authority: &Authority,
    issued: &Issued,
    folder: &Path,
    name: &str,
) -> Identity {
    let ca = folder.join(format!("{name}.authority"));
    std::fs::write(&ca, authority.certificate_pem()).expect("the folder is writable");
    let (certificate, key) = issued.write(folder, name).expect("the names are new");
    Identity::read(&ca, &certificate, &key).expect("what was just written can be read")
}

pub(crate) struct Node {
    pub(crate) me: NodeIndex,
    pub(crate) identity: Arc<Identity>,
    pub(crate) dialer: Dialer,
    pub(crate) acceptor: Acceptor,
    pub(crate) listener: TcpListener,
}

pub(crate) struct Circle {
    pub(crate) authority: Authority,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) nodes: [Node; 3],
    pub(crate) addresses: [NodeAddress; 3],
}

pub(crate) fn circle() -> Circle {
    let authority = Authority::new("test authority", 1).expect("an authority can be made");
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let identities = NodeIndex::ALL.map(|me| {
        let name = format!("node{}", me.get());
        let issued = authority.issue(&name).expect("a certificate can be made");
        Arc::new(identity(&authority, &issued, folder.path(), &name))
    });
    let known: BTreeSet<Fingerprint> = identities.iter().map(|one| one.fingerprint()).collect();
    let nodes = NodeIndex::ALL.map(|me| {
        let identity = identities[me.get()].clone();
        Node {
            me,
            dialer: Dialer::new(identity.clone()).expect("the identity is usable"),
            acceptor: Acceptor::new(&identity, known.clone()).expect("the identity is usable"),
            listener: TcpListener::bind("127.0.0.1:0").expect("there is a free port"),
            identity,
        }
    });
    let addresses = std::array::from_fn(|index| NodeAddress {
        address: nodes[index].listener.local_addr().expect("it is bound").to_string(),
        fingerprint: nodes[index].identity.fingerprint(),
    });
    Circle { authority, folder, nodes, addresses }
}

impl Circle {
    pub(crate) fn agreement(&self, session: u64) -> Agreement {
        Agreement {
            session,
            function: 77,
            parameters: [1; 32],
            participants: [2; 32],
            nodes: self.addresses.clone().map(|node| node.fingerprint),
            mode: Mode::Malicious,
            limits: RunLimits { step_ms: 3_000, run_ms: 30_000, ..RunLimits::default() },
        }
    }

    pub(crate) fn index_of(&self, fingerprint: Fingerprint) -> Option<NodeIndex> {
        NodeIndex::ALL
            .into_iter()
            .find(|node| self.addresses[node.get()].fingerprint == fingerprint)
    }

    /// Takes one connection at a node's door and reads its hello.
    pub(crate) fn take_caller(&self, at: NodeIndex) -> Option<Caller> {
        let node = &self.nodes[at.get()];
        let (socket, _) = node.listener.accept().ok()?;
        let link = node.acceptor.accept(socket, PATIENCE).ok()?;
        let from = self.index_of(link.peer())?;
        meeting::greet(link, from, PATIENCE).ok()
    }

    /// One node's part of a meeting.
    pub(crate) fn meet(
        &self,
        me: NodeIndex,
        agreement: &Agreement,
        limit: Duration,
    ) -> Result<TlsChannel, MeetingError> {
        let (sender, callers) = mpsc::channel();
        let meeting = Meeting {
            me,
            agreement,
            nodes: &self.addresses,
            dialer: &self.nodes[me.get()].dialer,
            log_head: [me.get() as u8; 32],
            limit,
        };
        thread::scope(|scope| {
            let listener = &self.nodes[me.get()].listener;
            let door = scope.spawn(move || {
                while let Ok((socket, _)) = listener.accept() {
                    // A connection that says nothing ends the test's door.
                    let Ok(link) = self.nodes[me.get()].acceptor.accept(socket, PATIENCE) else {
                        return;
                    };
                    let Some(from) = self.index_of(link.peer()) else { return };
                    let Ok(caller) = meeting::greet(link, from, PATIENCE) else { return };
                    if sender.send(caller).is_err() {
                        return;
                    }
                }
            });
            let met = meeting.hold(&callers).map(|(channel, _)| channel);
            drop(std::net::TcpStream::connect(listener.local_addr().expect("it is bound")));
            door.join().expect("the door does not panic");
            met
        })
    }

    /// A meeting of all three.
    pub(crate) fn meet_all(
        &self,
        agreements: &[Agreement; 3],
    ) -> [Result<TlsChannel, MeetingError>; 3] {
        self.run_all(|me| self.meet(me, &agreements[me.get()], PATIENCE))
    }

    /// Three channels for one session.
    pub(crate) fn channels(&self, agreement: &Agreement) -> [TlsChannel; 3] {
        self.meet_all(&std::array::from_fn(|_| agreement.clone()))
            .map(|met| met.expect("equal agreements meet"))
    }

    /// Something at all three nodes at once.
    pub(crate) fn run_all<T: Send>(&self, work: impl Fn(NodeIndex) -> T + Sync) -> [T; 3] {
        thread::scope(|scope| {
            NodeIndex::ALL
                .map(|me| {
                    scope.spawn({
                        let work = &work;
                        move || work(me)
                    })
                })
                .map(|one| one.join().expect("a node does not panic"))
        })
    }

    /// A hostile P1: it meets P0 and P2 properly and hands out its two sending connections.
    pub(crate) fn rogue(&self, agreement: &Agreement) -> (TlsChannel, TlsChannel, Rogue) {
        let one = NodeIndex::ALL[1];
        let agreement = &agreement;
        let (first, third, rogue) = thread::scope(|scope| {
            let first = scope.spawn(move || self.meet(NodeIndex::ALL[0], agreement, PATIENCE));
            let third = scope.spawn(move || self.meet(NodeIndex::ALL[2], agreement, PATIENCE));
            let calls = [0, 2]
                .map(|to| scope.spawn(move || self.call_as(one, NodeIndex::ALL[to], agreement)));
            let incoming: Vec<Caller> = (0..2).filter_map(|_| self.take_caller(one)).collect();
            let incoming = incoming
                .into_iter()
                .map(|caller| {
                    let hello = Hello::new((*agreement).clone(), one, caller.from, [1; 32]);
                    caller.answer(&hello, PATIENCE).expect("the caller waits for it")
                })
                .collect();
            let [to_first, to_third] = calls.map(|call| call.join().expect("no panic"));
            let rogue = Rogue { to_first, to_third, incoming };
            (first.join().expect("no panic"), third.join().expect("no panic"), rogue)
        });
        (first.expect("the rogue is polite"), third.expect("the rogue is polite"), rogue)
    }

    fn call_as(&self, me: NodeIndex, to: NodeIndex, agreement: &Agreement) -> Link {
        let place = &self.addresses[to.get()];
        let mut link = self.nodes[me.get()]
            .dialer
            .dial(&place.address, place.fingerprint, PATIENCE)
            .expect("the node is there");
        let hello = Hello::new(agreement.clone(), me, to, [1; 32]);
        let header = header_of(agreement, FrameKind::Hello, 0, 1);
        link.send(&header, &hello.encode(), PATIENCE).expect("the node reads");
        let answer = link.receive(&mut Vec::new(), PATIENCE).expect("the node answers");
        assert_eq!(answer.kind, FrameKind::Hello);
        link
    }
}

pub(crate) struct Rogue {
    pub(crate) to_first: Link,
    pub(crate) to_third: Link,
    pub(crate) incoming: Vec<Link>,
}

pub(crate) fn header_of(agreement: &Agreement, kind: FrameKind, step: u32, items: u32) -> Header {
    let Agreement { session, function, .. } = *agreement;
    Header { kind, session, function, step: Step(step), items }
}

/// The protocol of these tests: everybody tells everybody a number, all add them up.
pub(crate) fn sum(channel: &mut TlsChannel, mine: u64) -> Result<u64, mpc::net::ChannelError> {
    let me = channel.me();
    let mut total = mine;
    let mut payload = Vec::new();
    for to in [me.next(), me.previous()] {
        channel.send(to, FrameKind::Data, 1, &mine.to_le_bytes())?;
    }
    for from in [me.next(), me.previous()] {
        channel.receive(from, FrameKind::Data, 1, &mut payload)?;
        total += u64::from_le_bytes(payload.as_slice().try_into().expect("eight bytes"));
    }
    Ok(total)
}
