using ActorSocket.Clustering;
using ActorSocket.Entities;

namespace ActorSocket.Tests.Cluster.Entities;

internal sealed partial class LedgerWorld
{
    internal sealed class VirtualTime : TimeProvider
    {
        public long Now { get; set; }

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => Now;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddYears(50).AddMilliseconds(Now);
    }

    internal sealed class SimNode : IEntityNetwork
    {
        private readonly LedgerWorld _world;

        public SimNode(string tag, LedgerWorld world, TimeProvider time)
        {
            (Tag, _world, JoinedAt) = (tag, world, time.GetTimestamp());
            Ledger = new EntityLedger(tag, this, time, maxBytes: 1 << 20, queryTimeout: TimeSpan.FromSeconds(5));
        }

        public string Tag { get; }

        public EntityLedger Ledger { get; }

        public long JoinedAt { get; }

        public HashSet<string> Met { get; } = [];

        public bool IsAlive { get; set; } = true;

        public bool IsLeaving { get; set; }

        public void Told(string what) => _world.Tell($"{Tag} {what}");

        public void Tell(string tag, IClusterMessage message) => _world.Carry(this, tag, message);

        public void Wake(EntityKey key) => _world.Send(key, wantsStart: false, Tag);

        public void Refused(string type, int bytes) => Assert.Fail("there is room");

        public void Lost(string type, int bytes) => Assert.Fail("there is room");
    }

    /// <summary>
    /// One entity: where it is, what it counts, and what its next start may be told (its count; -1 for lost; none for new).
    /// </summary>
    private sealed class Fate(LedgerWorld world, EntityKey key)
    {
        private HashSet<string> _mayFind = ["New"];
        private State _state = State.Absent;
        private int _count;
        private int _calls;
        private int _life; // so that what belongs to one that is gone is not mistaken

        private enum State { Absent, Claiming, Registering, Living, Leaving }

        public EntityKey Key => key;

        public SimNode? Home { get; set; }

        public bool IsMoving { get; private set; }

        public bool FailsNext { get; set; }

        public bool MayBeAtRest => _state == State.Living || (_state == State.Absent && _mayFind.Contains("New"));

        public override string ToString() => $"{_state} on {Home?.Tag}, may find {string.Join(" or ", _mayFind)}";

        public void Get(bool wantsStart, string waker)
        {
            if (wantsStart)
                _calls++;
            if (_state == State.Absent)
                Start();
            else if (_state == State.Living && waker.Length > 0)
                Home!.Ledger.AnswerWake(key, waker);
            TakeCalls();
        }

        private void Start()
        {
            _state = State.Claiming;
            var (life, home) = (++_life, Home!);
            home.Ledger.QueryHistory(key, history => Soon(() =>
            {
                if (life == _life && home.IsAlive)
                    OnClaim(home, history);
            }));
        }

        private void OnClaim(SimNode home, EntityHistory history)
        {
            world.Tell($"{home.Tag} starts, {history.Found}, error {history.Error}, fails {FailsNext}, calls {_calls} = {key.Id}");
            if (history.Error is not null || FailsNext)
            {
                FailsNext = false;
                _calls = 0;
                _state = State.Absent;
                return;
            }
            if (history.Origin == EntityOrigin.New && _calls == 0)
            {
                Assert.Contains("New", _mayFind);
                home.Ledger.DeclineStart(history);
                _state = State.Absent;
                return;
            }
            var found =
                history.Origin == EntityOrigin.HandedOver
                    ? BitConverter.ToInt32(history.Found!.State).ToString(System.Globalization.CultureInfo.InvariantCulture)
                    : history.Origin.ToString();
            Assert.True(_mayFind.Contains(found), $"{key.Id} starts on {home.Tag} and finds {found}, but is: {this}{world.StoryOf(key)}");
            var before = _mayFind;
            _mayFind = [.. before, "Lost"]; // should its node crash before others know
            _count = history.Origin == EntityOrigin.HandedOver ? BitConverter.ToInt32(history.Found!.State) : 0;
            _state = State.Registering;
            var life = _life;
            home.Ledger.Register(history, () => Soon(() =>
            {
                if (life != _life || !home.IsAlive || _state != State.Registering)
                    return;
                _state = State.Living;
                _mayFind = ["Lost"];
                TakeCalls();
            }));
        }

        private void TakeCalls()
        {
            if (_state != State.Living)
                return;
            _count += _calls;
            _calls = 0;
        }

        public void Move(SimNode from, Action moved)
        {
            if (Home != from || !from.IsAlive)
            {
                moved(); // it has already, or never will
                return;
            }
            if (IsMoving || _state is State.Registering or State.Leaving)
            {
                world.Later(200, 200, () => Move(from, moved)); // the shard waits
                return;
            }
            var home = from;
            IsMoving = true;
            world.Tell($"moves from {from.Tag} = {key.Id}");
            if (_state is State.Absent or State.Claiming)
            {
                _life++;
                _calls = 0;
                Gone();
                return;
            }
            _state = State.Leaving;
            var (life, state) = (_life, _count.ToString(System.Globalization.CultureInfo.InvariantCulture));
            _mayFind = ["Lost", state];
            home.Ledger.HandOver(key, BitConverter.GetBytes(_count), () => Soon(() =>
            {
                if (life != _life || !home.IsAlive)
                    return;
                _mayFind = [state];
                Gone();
            }));

            void Gone()
            {
                _state = State.Absent;
                IsMoving = false;
                Home = null;
                moved();
            }
        }

        public void Retire()
        {
            if (_state != State.Living || IsMoving)
                return;
            _state = State.Leaving;
            _mayFind = ["New", "Lost"];
            var (life, home) = (_life, Home!);
            home.Ledger.End(key, () => Soon(() =>
            {
                if (life != _life || !home.IsAlive)
                    return;
                _mayFind = ["New"];
                _state = State.Absent;
            }));
        }

        /// <summary>As an actor is told: not within what the ledger is doing.</summary>
        private void Soon(Action what) => world.Later(0, what);

        public void LoseTo(SimNode node)
        {
            Assert.Same(Home, node);
            _life++;
            _calls = 0;
            IsMoving = false;
            if (_state == State.Living)
                _mayFind = ["Lost"];
            _state = State.Absent;
        }
    }
}
