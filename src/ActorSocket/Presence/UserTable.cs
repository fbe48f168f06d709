using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using ActorSocket.Configuration;
using ActorSocket.Recovery;

namespace ActorSocket.Presence;

/// <summary>
/// The users of one namespace on all nodes, as this one knows them: what it has itself, and what each other node has told of its own. Read
/// without a lock; a node that is gone takes along what it told.
/// </summary>
/// <remarks>Any thread. Nobody is called under its lock but <paramref name="tell"/>, whose order must be that of what is told.</remarks>
/// <param name="time">The clock.</param>
/// <param name="tell">Tells the other nodes how many devices a user has here.</param>
/// <param name="isEmpty">Told, outside of the lock, when there may be nobody left: a table that nobody uses then goes.</param>
/// <param name="report">Gets what a handler throws, or how many events were dropped since so many waited.</param>
internal sealed class UserTable(TimeProvider time, Action<string, int> tell, Action<UserTable> isEmpty, Action<Exception?, long> report)
{
    /// <summary>Users that came or left and that handlers have not been told of: what slow handlers may hold.</summary>
    public const int MaxUntold = 1_000_000;

    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<string, User> _users = new(StringComparer.Ordinal);
    private readonly Dictionary<object, User> _byDevice = []; // of this node
    private readonly AgeOrder<User, long> _withoutDevice = new(); // since when, within the grace time
    private readonly AgeOrder<string, DateTimeOffset> _lastSeen = new(StringComparer.Ordinal);
    private readonly Queue<User> _untold = new();
    private readonly CallbackList<UserEvent> _handlers = new();
    private EventPump<UserEvent>? _pump;
    private ITimer? _timer;
    private TimeSpan _grace;
    private int _maxLastSeen;
    private int _online;
    private long _dropped;
    private bool _isArmed;

    /// <summary>How many users there are.</summary>
    public int Online => Volatile.Read(ref _online);

    /// <summary>How many users this node remembers to have left.</summary>
    public int Remembered
    {
        get
        {
            lock (_gate)
                return _lastSeen.Count;
        }
    }

    /// <summary>Whether nobody is there or is still to be told of.</summary>
    public bool IsEmpty => _users.IsEmpty;

    /// <summary>How many namespaces of this node have it: one, or, while one of its name takes the place of another, two.</summary>
    public int Holders { get; set; }

    public IEnumerable<string> OnlineIds
    {
        get
        {
            foreach (var (id, user) in _users) // without a lock, and without the copy that Values is
            {
                if (user.IsOnline)
                    yield return id;
            }
        }
    }

    public void Configure(TimeSpan grace, int maxLastSeen)
    {
        lock (_gate)
            (_grace, _maxLastSeen) = (grace, maxLastSeen);
    }

    public IDisposable OnEvent(Func<UserEvent, Task> handler)
    {
        lock (_gate)
        {
            _pump ??= new EventPump<UserEvent>(TakeUntold, RaiseAsync);
            return _handlers.Add(handler);
        }
    }

    /// <summary>Those of a namespace that is no more: the one in its place has handlers of its own.</summary>
    public void ForgetHandlers() => _handlers.Clear();

    public bool IsOnline(string id) => _users.TryGetValue(id, out var user) && user.IsOnline;

    /// <summary>Null for who was never here, as far as is remembered.</summary>
    public UserPresence? Find(string id)
    {
        if (_users.TryGetValue(id, out var user) && user.IsOnline)
        {
            var devices = user.Devices;
            return new UserPresence(user.Id, true, devices, devices > 0 ? time.GetUtcNow() : user.LastSeen);
        }
        lock (_gate)
            return _lastSeen.TryGet(id, out var at) ? new UserPresence(id, false, 0, at) : null;
    }

    /// <summary>A user has one more device on this node.</summary>
    public void Came(object device, string id)
    {
        lock (_gate)
        {
            if (_byDevice.ContainsKey(device))
                return;
            var user = Open(id);
            _byDevice.Add(device, user);
            user.Here++;
            Settle(user);
            tell(id, user.Here);
        }
    }

    /// <summary>A device is gone. Does nothing for one that is not known.</summary>
    public void Gone(object device)
    {
        lock (_gate)
        {
            if (!_byDevice.Remove(device, out var user))
                return;
            user.Here--;
            Settle(user);
            tell(user.Id, user.Here);
        }
        TellIfEmpty();
    }

    /// <summary>Another node says how many devices a user has there.</summary>
    public void Set(IRemoteNode node, string id, int devices)
    {
        lock (_gate)
        {
            if (devices <= 0 && !_users.ContainsKey(id))
                return;
            var user = Open(id);
            user.SetElsewhere(node, devices);
            Settle(user);
        }
    }

    /// <summary>Another node is gone, and with it all that it told.</summary>
    public void NodeGone(IRemoteNode node)
    {
        lock (_gate)
        {
            foreach (var (_, user) in _users)
            {
                if (user.SetElsewhere(node, 0))
                    Settle(user);
            }
        }
    }

    private User Open(string id) => _users.GetOrAdd(id, static id => new User(id));

    /// <summary>Draws the consequences of what has changed about a user's devices.</summary>
    private void Settle(User user)
    {
        if (user.Devices > 0)
        {
            _withoutDevice.Remove(user, out _);
            if (user.IsOnline)
                return;
            user.IsOnline = true;
            _online++;
            _lastSeen.Remove(user.Id, out _);
            Changed(user);
        }
        else if (user.IsOnline && !_withoutDevice.TryGet(user, out _))
        {
            user.LastSeen = time.GetUtcNow();
            if (_grace <= TimeSpan.Zero)
            {
                Leave(user);
                return;
            }
            _withoutDevice.Put(user, time.GetTimestamp());
            Arm();
        }
    }

    private void Leave(User user)
    {
        user.IsOnline = false;
        _online--;
        if (_maxLastSeen > 0)
        {
            _lastSeen.Put(user.Id, user.LastSeen);
            while (_lastSeen.Count > _maxLastSeen && _lastSeen.TryPeek(out var oldest, out _))
                _lastSeen.Remove(oldest, out _);
        }
        Changed(user);
    }

    /// <summary>
    /// Who waits to be told of is there once, however often he came and left meanwhile: what is told is the difference, so that a slow
    /// handler makes no queue of what has long passed.
    /// </summary>
    private void Changed(User user)
    {
        if (_handlers.Current.Length == 0)
            user.IsToldOnline = user.IsOnline;
        if (!user.IsUntold && user.IsToldOnline != user.IsOnline)
        {
            if (_untold.Count < MaxUntold)
            {
                user.IsUntold = true;
                _untold.Enqueue(user);
                _pump!.Wake();
            }
            else
            {
                _dropped++;
                user.IsToldOnline = user.IsOnline;
            }
        }
        RemoveIfOver(user);
    }

    private void RemoveIfOver(User user)
    {
        if (!user.IsOnline && !user.IsUntold)
            _users.TryRemove(KeyValuePair.Create(user.Id, user));
    }

    private bool TakeUntold([MaybeNullWhen(false)] out UserEvent next)
    {
        next = default;
        var found = false;
        long dropped;
        lock (_gate)
        {
            (dropped, _dropped) = (_dropped, 0);
            while (!found && _untold.TryDequeue(out var user))
            {
                user.IsUntold = false;
                found = user.IsToldOnline != user.IsOnline;
                user.IsToldOnline = user.IsOnline;
                if (found)
                    next = new UserEvent(user.Id, user.IsOnline, user.LastSeen);
                RemoveIfOver(user);
            }
        }
        if (dropped > 0)
            report(null, dropped);
        TellIfEmpty();
        return found;
    }

    private async Task RaiseAsync(UserEvent e)
    {
        foreach (var handler in _handlers.Current)
        {
            try
            {
                await handler.Callback(e).ConfigureAwait(false);
            }
            catch (Exception error)
            {
                report(error, 0);
            }
        }
    }

    private void Arm()
    {
        if (_isArmed || !_withoutDevice.TryPeek(out _, out var since))
            return;
        _isArmed = true;
        var left = _grace - time.GetElapsedTime(since);
        var wait = left > TimeSpan.FromMilliseconds(1) ? left : TimeSpan.FromMilliseconds(1);
        if (_timer is null)
            _timer = time.CreateTimer(static table => ((UserTable)table!).OnGraceOver(), this, wait, Timeout.InfiniteTimeSpan);
        else
            _timer.Change(wait, Timeout.InfiniteTimeSpan);
    }

    private void OnGraceOver()
    {
        lock (_gate)
        {
            _isArmed = false;
            while (_withoutDevice.TryPeek(out var user, out var since) && time.GetElapsedTime(since) >= _grace)
            {
                _withoutDevice.Remove(user, out _);
                Leave(user);
            }
            Arm();
        }
        TellIfEmpty();
    }

    private void TellIfEmpty()
    {
        if (_users.IsEmpty)
            isEmpty(this);
    }

    /// <summary>One user. Written under the table's lock, read without.</summary>
    private sealed class User(string id)
    {
        private Share[] _elsewhere = [];
        private int _here;
        private long _lastSeen;
        private volatile bool _isOnline;

        public string Id => id;

        public int Here
        {
            get => _here;
            set => Volatile.Write(ref _here, value);
        }

        public int Devices
        {
            get
            {
                var devices = Volatile.Read(ref _here);
                foreach (var share in Volatile.Read(ref _elsewhere))
                    devices += share.Devices;
                return devices;
            }
        }

        public bool IsOnline
        {
            get => _isOnline;
            set => _isOnline = value;
        }

        /// <summary>As handlers were told last.</summary>
        public bool IsToldOnline { get; set; }

        /// <summary>Whether it waits for handlers to be told.</summary>
        public bool IsUntold { get; set; }

        public DateTimeOffset LastSeen
        {
            get => new(Volatile.Read(ref _lastSeen), TimeSpan.Zero);
            set => Volatile.Write(ref _lastSeen, value.UtcTicks);
        }

        /// <returns>Whether that is another number than before.</returns>
        public bool SetElsewhere(IRemoteNode node, int devices)
        {
            var at = Array.FindIndex(_elsewhere, share => ReferenceEquals(share.Node, node));
            if (at < 0 ? devices <= 0 : _elsewhere[at].Devices == devices)
                return false;
            Share[] rest = at < 0 ? _elsewhere : [.. _elsewhere[..at], .. _elsewhere[(at + 1)..]];
            Volatile.Write(ref _elsewhere, devices > 0 ? [.. rest, new Share(node, devices)] : rest);
            return true;
        }
    }

    private readonly record struct Share(IRemoteNode Node, int Devices);
}
