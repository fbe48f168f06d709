using ActorSocket.Emitting;
using ActorSocket.Data;
using System.Globalization;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Clustering;
using ActorSocket.Delivery;
using ActorSocket.Recovery;
using ActorSocket.Sockets;
using CsCheck;
using static ActorSocket.Clustering.ClusterProtocol;

namespace ActorSocket.Tests.Cluster.Recovery;

/// <summary>
/// A client that does as the official one does, and nodes that emit, copy their logs, leave, and crash with what was on its way. It comes
/// back by any of them, breaks off at any point, and comes back again. Whatever it takes for one socket, it gets each event once and in the
/// order of its emitter, none that is older than the socket, and lacks none but of a node that crashed.
/// </summary>
public sealed class NodesModelTests
{
    private static readonly EncodedFrame Frame = EncodedFrame.Control("42[\"e\",\"offset\"]"u8);

    private static int s_recovered;

    [Fact]
    public void Recovery_is_exact_whatever_crashes_when()
    {
        s_recovered = 0;
        Gen.Int[0, 9999].Array[1, 250].Sample(static script => new Cluster(script).Run(), iter: 5_000);
        Assert.True(s_recovered > 500, $"{s_recovered} times recovered: the model refuses too much to say anything");
    }

    private sealed class Node(string tag) : IRemoteNode
    {
        public string Tag => tag;

        public RecoveryLog Log { get; } = new(new RecoveryOptions(), tag, TimeProvider.System);

        public Dictionary<string, RecoveryLog> Replicas { get; } = [];

        public Dictionary<string, Queue<long>> Inbox { get; } = []; // by emitter: events on their way here

        public Dictionary<(string, long), long> Places { get; } = []; // where each event is in the log

        public bool IsAlive { get; set; } = true;

        public Node? ReplicaNode { get; set; }

        public long Copied { get; set; } = -1;

        /// <summary>The client's socket, while it is connected here.</summary>
        public LostSocket? Socket { get; set; }

        public bool IsTouched { get; set; }

        public bool HasRoom { get; set; } // it is withdrawn long after its last member has left
    }

    /// <summary>How far each node had emitted when a socket began, and what of that was on its way to the socket's node.</summary>
    private sealed record Birth(Dictionary<string, long> Emitted, HashSet<(string, long)> OnTheirWay)
    {
        public long Of(string emitter) => Emitted.GetValueOrDefault(emitter);
    }

    private readonly record struct Packet(string Emitter, long Number, string? Offset, string? Id, string? Secret);

    private sealed class Cluster(int[] script)
    {
        private readonly List<Node> _nodes = [new("AAAAAA"), new("BBBBBB"), new("CCCCCC")];
        private readonly HashSet<string> _crashed = [];
        private readonly Dictionary<string, List<long>> _emitted = [];
        private List<string>? _says;
        private int _next;
        private int _sockets;

        // The client
        private readonly Queue<Packet> _wire = new();
        private readonly List<Packet> _buffer = [];
        private readonly Dictionary<string, List<long>> _received = [];
        private readonly Dictionary<string, Birth> _births = new(StringComparer.Ordinal); // by secret
        private string? _id;
        private string? _secret;
        private string? _offset;
        private bool _isConnected;
        private bool _mayBeRefused; // it has broken off before it knew that it was recovered
        private bool _isAmbiguous; // it was here before, and its offset is that of what it was told, too
        private Node? _home; // of its connection
        private Node? _joining;

        private bool IsOver => _next >= script.Length;

        private List<Node> Living => _nodes.FindAll(static node => node.IsAlive);

        private int Next(int below) => IsOver ? 0 : script[_next++] % below;

        private Node Any()
        {
            var living = Living;
            return living[Next(living.Count)];
        }

        /// <summary>Once more with what happened, where something did that may not.</summary>
        public void Run()
        {
            try
            {
                Live();
            }
            catch (Exception e) when (_says is null)
            {
                var again = new Cluster(script) { _says = [] };
                Assert.NotNull(Record.Exception(again.Run));
                throw new InvalidOperationException($"{e.Message}\n{string.Join('\n', again._says)}", e);
            }
        }

        private void Say(string what) => _says?.Add(what);

        private void Live()
        {
            ComeBack();
            while (!IsOver)
            {
                switch (Next(16))
                {
                    case < 8: Traffic(); break;
                    case < 11: Receive(Next(6)); break;
                    case < 12: Copy(Any()); break;
                    case < 15: Reconnect(); break;
                    default: End(); break;
                }
            }
            // All is quiet at last: what is missing now is missing for good.
            Reconnect();
            Receive(int.MaxValue);
            foreach (var node in Living)
                DeliverAll(node, includingCrashed: true);
            Receive(int.MaxValue);
            var birth = _births[_secret!];
            foreach (var (emitter, numbers) in _emitted)
            {
                if (!_crashed.Contains(emitter))
                    Assert.Equal(
                        numbers.Where(number => number > birth.Of(emitter)),
                        _received.GetValueOrDefault(emitter, []).Where(number => number > birth.Of(emitter))
                    );
            }
        }

        // ---- Events

        private void Traffic()
        {
            if (Next(2) == 0)
                Emit(Any());
            else
                Deliver(Any(), Next(4));
        }

        private void Emit(Node node)
        {
            var others = Next(8); // who else has members of the room
            var sentTo = _nodes
                .Where((other, i) => other != node && other.IsAlive && ((others >> (i % 3) & 1) != 0 || other.HasRoom || other == _joining))
                .ToList();
            node.Log.Add(Frame, RoomSelection.Everyone.To(["room"]), sentTo);
            var number = node.Log.NextNumber - 1;
            Say($"{node.Tag[0]} emits {number}, its {node.Log.Last}");
            if (!_emitted.TryGetValue(node.Tag, out var numbers))
                _emitted.Add(node.Tag, numbers = []);
            numbers.Add(number);
            node.Places[(node.Tag, number)] = node.Log.Last;
            foreach (var other in sentTo)
            {
                if (!other.Inbox.TryGetValue(node.Tag, out var queue))
                    other.Inbox.Add(node.Tag, queue = new Queue<long>());
                queue.Enqueue(number);
            }
            Tell(node, node.Tag, number, RoomSelection.Everyone.To(["room"]));
        }

        private void Deliver(Node node, int from)
        {
            if (node.Inbox.Count == 0)
                return;
            var (emitter, queue) = node.Inbox.ElementAt(from % node.Inbox.Count);
            if (queue.Count > 0)
                Arrive(node, emitter, queue.Dequeue());
        }

        private void DeliverAll(Node node, bool includingCrashed = false)
        {
            foreach (var (emitter, queue) in node.Inbox)
            {
                while (queue.Count > 0 && (includingCrashed || !_crashed.Contains(emitter)))
                    Arrive(node, emitter, queue.Dequeue());
            }
        }

        private void Barrier(Node node)
        {
            DeliverAll(node);
            foreach (var other in Living.Where(other => other != node))
                node.Log.Passed(other.Tag, other.Log.NextNumber - 1);
        }

        private void Arrive(Node node, string emitter, long number)
        {
            var selection = node.Log.Untold(emitter, number, RoomSelection.Everyone.To(["room"]));
            node.Log.AddFrom(emitter, number, Frame, selection);
            node.Places[(emitter, number)] = node.Log.Last;
            Say($"{node.Tag[0]} gets {number} of {emitter[0]}, its {node.Log.Last}");
            Tell(node, emitter, number, selection);
        }

        private void Tell(Node node, string emitter, long number, RoomSelection selection)
        {
            if (node.Socket is { } socket && _home == node && selection.Matches(socket.Id, socket.Rooms))
                _wire.Enqueue(new Packet(emitter, number, node.Log.OffsetOf(node.Log.Last), null, null));
        }

        // ---- The client, as the official one is

        private void Receive(int count)
        {
            for (; count > 0 && _wire.TryDequeue(out var packet); count--)
            {
                Say($"client reads {packet}");
                if (packet.Id is not null)
                {
                    _mayBeRefused = _secret != packet.Secret && _buffer.Count > 0; // then its offset is another one than it came with
                    if (_secret != packet.Secret) // not recovered: what it still has is of its last socket
                    {
                        FlushTo(null);
                        (_id, _secret) = (packet.Id, packet.Secret);
                        _received.Clear();
                    }
                    else
                    {
                        FlushTo(_received);
                    }
                    _isConnected = true;
                }
                else if (_isConnected)
                {
                    Take(packet, _received);
                }
                else
                {
                    _buffer.Add(packet);
                }
            }
        }

        private void FlushTo(Dictionary<string, List<long>>? received)
        {
            foreach (var packet in _buffer)
                Take(packet, received);
            _buffer.Clear();
        }

        private void Take(in Packet packet, Dictionary<string, List<long>>? received)
        {
            _offset = packet.Offset ?? _offset;
            if (received is null)
                return;
            _mayBeRefused = false;
            if (!received.TryGetValue(packet.Emitter, out var numbers))
                received.Add(packet.Emitter, numbers = []);
            if (numbers.Count > 0 && packet.Number <= numbers[^1])
                Assert.Fail($"{packet.Number} of {packet.Emitter} after {numbers[^1]}");
            var birth = _births[_secret!];
            // What a crashed node has left on its way to the node that the client moves to may be of any time: nobody is there to say.
            if (
                !_crashed.Contains(packet.Emitter)
                && packet.Number <= birth.Of(packet.Emitter)
                && !birth.OnTheirWay.Contains((packet.Emitter, packet.Number))
            )
                Assert.Fail($"{packet.Number} of {packet.Emitter} was before its time");
            if (
                !_crashed.Contains(packet.Emitter)
                && numbers.Count > 0
                && packet.Number > numbers[^1] + 1
                && packet.Number - 1 > birth.Of(packet.Emitter)
            )
                Assert.Fail($"{packet.Number} of {packet.Emitter} right after {numbers[^1]}");
            numbers.Add(packet.Number);
        }

        private void Reconnect()
        {
            Cut();
            ComeBack();
        }

        private void Cut()
        {
            Say($"cut from {_home?.Tag[0]}");
            _wire.Clear();
            if (!_isConnected)
                _mayBeRefused = true;
            _isConnected = false;
            if (_home is { IsAlive: true, Socket: { } socket })
            {
                _home.Socket = null;
                _home.Log.GiveBack(socket);
            }
            _home = null;
        }

        // ---- Coming back: as RemoteClaim and RemoteRestore do it

        private void ComeBack()
        {
            var node = Any();
            if (_secret is null || !TryRead(out var claim))
            {
                BeginAnew(node);
                return;
            }
            Say($"comes to {node.Tag[0]} with {claim}");
            var lost = node.Log.Take(claim, out var found);
            if (found)
            {
                if (lost is null)
                    Refuse(node);
                else
                    GoOn(node, lost);
                return;
            }
            if (Find(node, claim) is not var (given, owner, replicaNode))
                Refuse(node);
            else
                GoOn(node, given, owner, replicaNode, claim);
        }

        private bool TryRead(out RecoveryClaim claim)
        {
            claim = new RecoveryClaim(_secret!, "", -1);
            if (_offset is null)
                return true;
            claim = new RecoveryClaim(
                _secret!,
                _offset[..6],
                long.TryParse(_offset.AsSpan(6), CultureInfo.InvariantCulture, out var number) ? number : -1
            );
            return !_offset.EndsWith('-');
        }

        private (LostSocket, string, Node)? Find(Node node, RecoveryClaim claim)
        {
            var home = _nodes.Find(other => other.Tag == claim.HomeTag)!;
            if (home.IsAlive && home != node && home.Log.Take(claim, out _) is { } lost)
            {
                Copy(home); // before it is given
                return (lost, home.Tag, home);
            }
            if (!home.IsAlive && FromReplica(home.Tag) is { } kept)
                return kept;
            return FromReplica("");

            (LostSocket, string, Node)? FromReplica(string tag)
            {
                foreach (var other in Living.OrderBy(other => other != node))
                {
                    if (tag.Length == 0 && other.Log.Take(claim, out _) is { } own)
                    {
                        Copy(other);
                        return (own, other.Tag, other);
                    }
                    foreach (var (owner, replica) in other.Replicas)
                    {
                        if (
                            (owner == tag || (tag.Length == 0 && _nodes.Exists(gone => gone.Tag == owner && !gone.IsAlive)))
                            && replica.Take(claim, out _) is { } copy
                        )
                            return (copy, owner, other);
                    }
                }
                return null;
            }
        }

        private void GoOn(Node node, LostSocket lost)
        {
            Copy(node); // before its client is told anything
            Assert.True(node.Log.TryGetMissed(lost.Seen, lost.Id, lost.Rooms, out var missed));
            foreach (var logged in missed)
                _wire.Enqueue(
                    new Packet(logged.Emitter, logged.Number, node.Log.OffsetOf(node.Places[(logged.Emitter, logged.Number)]), null, null)
                );
            LetIn(node, lost with { Start = missed.Count > 0 ? lost.Start.Telling(lost.Seen + 1) : lost.Start });
            s_recovered++;
        }

        private void GoOn(Node node, LostSocket lost, string owner, Node replicaNode, RecoveryClaim claim)
        {
            Say($"goes on from {owner[0]} by {replicaNode.Tag[0]} at {lost.Seen}, {lost.Start}");
            _joining = node;
            var joinedAt = node.Log.Last;
            var merge = new MissedEventMerge(owner, lost.Start);
            Between();
            var isHome = replicaNode.Tag == owner;
            if (isHome)
                Barrier(replicaNode);
            var log = isHome ? replicaNode.Log : replicaNode.Replicas[owner];
            var isComplete = merge.AddLog(
                new MissedEventsReply(
                    0, log.TryGetMissed(lost.Seen, lost.Id, lost.Rooms, out var missed), missed ?? [], log.Versions, log.OriginsOf(lost.Id))
            );
            Between();
            if (isHome)
            {
                Barrier(node);
            }
            else if (isComplete)
            {
                var answers = new List<MissedEventsReply>();
                foreach (var other in Living.OrderBy(other => other == node))
                {
                    var all = other.Log.TryGetEmitted(merge.Versions, owner, false, lost.Id, lost.Rooms, out var emitted);
                    answers.Add(
                        new MissedEventsReply(
                            0,
                            all,
                            emitted,
                            new Dictionary<string, long>(StringComparer.Ordinal) { [other.Tag] = other.Log.NextNumber - 1 },
                            []
                        )
                    );
                    while (node.Inbox.GetValueOrDefault(other.Tag) is { Count: > 0 } queue) // its answer comes after them
                        Arrive(node, other.Tag, queue.Dequeue());
                    Between();
                }
                isComplete = merge.AddEmitted(answers);
            }
            Between();
            _joining = null;
            if (
                !isComplete
                || !node.Log.TryGetMissed(joinedAt, lost.Id, lost.Rooms, out var logged)
                || !merge.TryGoOn(logged, out var here)
            )
            {
                Refuse(node);
                return;
            }
            node.Log.Told(lost.Id, merge.Versions);
            foreach (var one in merge.Events)
                _wire.Enqueue(
                    new Packet(
                        one.Emitter,
                        one.Number,
                        one == merge.Events[^1] ? node.Log.OffsetOf(joinedAt) : node.Log.NoOffset,
                        null,
                        null
                    )
                );
            foreach (var one in here)
                _wire.Enqueue(new Packet(one.Emitter, one.Number, node.Log.OffsetOf(node.Places[(one.Emitter, one.Number)]), null, null));
            var start = merge.StartIn(node.Log, joinedAt, here, claim);
            _isAmbiguous = start is { OffsetTag: "", Offset: 0 };
            LetIn(node, lost with { Start = start });
            s_recovered++;

            void Between()
            {
                for (var steps = Next(4); steps > 0; steps--)
                    Traffic();
            }
        }

        private void Refuse(Node node)
        {
            Assert.True(_mayBeRefused || _crashed.Count > 0 || _isAmbiguous, "nothing has crashed, and it knew its socket");
            BeginAnew(node);
        }

        private void BeginAnew(Node node)
        {
            var number = ++_sockets;
            (_joining, _isAmbiguous) = (null, false);
            var id = $"id {number}";
            var start = RecoveryStart.New(node.Log.Last, _secret is not null && TryRead(out var cameWith) ? cameWith : null);
            var secret = $"{node.Tag}{number:0000000000000000000000}";
            _births[secret] = new Birth(
                _emitted.ToDictionary(
                    static emitter => emitter.Key,
                    static emitter => emitter.Value.Count == 0 ? 0 : emitter.Value[^1],
                    StringComparer.Ordinal
                ),
                [.. node.Inbox.SelectMany(static queue => queue.Value.Select(number => (queue.Key, number)))]
            );
            LetIn(node, new LostSocket(id, secret, [id, "room"], new SocketData(), 0) { Start = start });
        }

        private void LetIn(Node node, LostSocket socket)
        {
            Say($"let in at {node.Tag[0]}, {socket.Start}");
            _wire.Enqueue(new Packet("", 0, null, socket.Id, socket.Secret));
            (node.Socket, node.IsTouched, node.HasRoom, _home) = (socket, true, true, node);
        }

        // ---- The nodes

        private void Copy(Node node)
        {
            var living = Living.FindAll(other => other != node);
            if (living.Count == 0)
                return;
            var replicaNode = living.Find(other => string.CompareOrdinal(other.Tag, node.Tag) > 0) ?? living[0];
            if (replicaNode != node.ReplicaNode)
            {
                node.ReplicaNode?.Replicas.Remove(node.Tag);
                (node.ReplicaNode, node.Copied) = (replicaNode, -1);
            }
            for (var more = true; more;)
            {
                var changes = node.Log.TakeChanges(node.Copied, [], 3);
                more = changes?.Events.Count == 3;
                if (node.Socket is { } socket && (node.IsTouched || changes is { Begins: true }))
                    changes = (changes ?? new ReplicaChanges(false, node.Copied, [], [], [], node.Log.Versions)) with
                    {
                        Sockets = [.. changes?.Sockets ?? [], socket],
                    };
                node.IsTouched = false;
                if (changes is null)
                    return;
                if (changes.Begins)
                    replicaNode.Replicas[node.Tag] = new RecoveryLog(new RecoveryOptions(), node.Tag, TimeProvider.System);
                Assert.True(replicaNode.Replicas[node.Tag].Apply(changes));
                Say(
                    $"{node.Tag[0]} has copied to {replicaNode.Tag[0]} from {changes.Position} {changes.Events.Count} events, "
                    + $"{changes.Sockets.Count} sockets, gone {changes.Gone.Length}"
                );
                node.Copied = changes.Position + changes.Events.Count;
                if (Next(4) == 0)
                    return; // the rest comes with the next copy, or never
            }
        }

        /// <summary>One is killed, or leaves; another one takes its place.</summary>
        private void End()
        {
            var living = Living;
            if (living.Count < 2 || _nodes.Count > 7)
                return;
            var node = living[Next(living.Count)];
            var isKilled = Next(3) > 0;
            if (_home == node)
            {
                if (!isKilled)
                    Receive(Next(10));
                Cut();
            }
            if (isKilled)
            {
                // What it has written last may arrive yet, or not.
                foreach (var other in living)
                {
                    if (!other.Inbox.TryGetValue(node.Tag, out var queue))
                        continue;
                    var rest = queue.Take(Next(queue.Count + 1)).ToList();
                    queue.Clear();
                    rest.ForEach(queue.Enqueue);
                }
            }
            else
            {
                DeliverAll(node);
                foreach (var other in living)
                    DeliverAll(other);
                Copy(node);
            }
            Say($"{node.Tag[0]} {(isKilled ? "is killed" : "leaves")}");
            _crashed.Add(node.Tag);
            node.IsAlive = false;
            Living.ForEach(other => other.Log.NodeGone(node.Tag));
            node.Socket = null;
            if (Next(3) > 0)
                _nodes.Add(new Node(new string((char)('D' + _nodes.Count), 6)));
            ComeBackIfCut();
        }

        private void ComeBackIfCut()
        {
            if (_home is null)
                ComeBack();
        }
    }
}
