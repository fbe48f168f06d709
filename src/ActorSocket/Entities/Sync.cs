using System.Text.Json;
using ActorSocket.Entities;

namespace ActorSocket;

/// <summary>
/// Keeps clients up to date with what an entity shows (<see cref="RoomEntity.SyncView"/>): who comes is sent all of it, and from then on
/// everybody what has changed, at most every <see cref="RoomEntity.SyncInterval"/>, as JSON merge patches (RFC 7396) that are computed and
/// encoded once.
/// </summary>
/// <remarks>
/// <para>Those who have a seat (<see cref="Seats"/>) get it by themselves, whenever they take it or return to it; others by
/// <see cref="WatchAsync"/>. For the entity's own code while it runs.</para>
/// <para>On the wire: <c>sync</c> with <see cref="Name"/>, a version and the whole, and <c>sync:patch</c> with the name, a version and the
/// patch, which follows the version before it, and no other. Where something is missing between the two, the client asks for the whole
/// again. An entity that has moved, or crashed, sends the whole to all, with a version above all before.</para>
/// </remarks>
public sealed class Sync
{
    /// <summary>The event that has the whole: name, version, what the entity shows.</summary>
    public const string WholeEvent = "sync";

    /// <summary>The event that has what has changed since the version before: name, version, merge patch.</summary>
    public const string PatchEvent = "sync:patch";

    /// <summary>Lives are told apart by the milliseconds of their start, and have so many versions for each millisecond.</summary>
    private const long VersionsPerMillisecond = 1000;

    private readonly EntityContext _context;
    private readonly RoomEntity _entity;
    private readonly TimeSpan _interval;
    private readonly HashSet<string> _newcomers = new(StringComparer.Ordinal);
    private JsonElement? _shown; // what everybody has who is here
    private long _version;
    private TimeSpan _due;
    private bool _isTouched = true;

    internal Sync(EntityContext context, RoomEntity entity, long generation)
    {
        (_context, _entity) = (context, entity);
        _interval = Tick.Check(entity.SyncInterval, nameof(RoomEntity.SyncInterval));
        Name = context.RoomName();
        Room = context.RoomName("/watch");
        var start = generation > 0 ? generation : context.Namespace.Services.Server.Time.GetUtcNow().ToUnixTimeMilliseconds();
        _version = start * VersionsPerMillisecond;
    }

    /// <summary>What clients tell the entities by that they follow: <c>class:id</c>.</summary>
    public string Name { get; }

    /// <summary>The room of those who watch without a seat: they leave it by <see cref="UnwatchAsync"/>, or when they go.</summary>
    public string Room { get; }

    private BroadcastOperator Everybody => _context.Namespace.To(Name, Room); // those who sit, and those who watch

    /// <summary>
    /// Lets a socket that has no seat follow the entity: it joins the <see cref="Room"/>, and is sent the whole once the entity's method is
    /// over. Nobody is told when it goes. After the entity's crash, or when it has retired and begins anew, it follows on.
    /// </summary>
    /// <param name="socketId">Of a connected socket of the entity's namespace: the handler's own <see cref="Socket.Id"/>.</param>
    /// <param name="cancellationToken">Ends the wait for the room.</param>
    /// <exception cref="ClusterTimeoutException">The socket's node did not let it join the room in time.</exception>
    public async Task WatchAsync(string socketId, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(socketId);
        await _context.Namespace.In(socketId).SocketsJoinAsync(Room, cancellationToken).ConfigureAwait(false);
        Send(socketId);
    }

    /// <summary>Ends <see cref="WatchAsync"/>.</summary>
    /// <param name="socketId">Whose.</param>
    /// <param name="cancellationToken">Ends the wait for the room.</param>
    /// <exception cref="ClusterTimeoutException">The socket's node did not let it leave the room in time.</exception>
    public async Task UnwatchAsync(string socketId, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(socketId);
        _newcomers.Remove(socketId);
        await _context.Namespace.In(socketId).SocketsLeaveAsync(Room, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Sends the whole to a socket once the entity's method is over, as when its client has found that a patch is missing.
    /// </summary>
    /// <param name="socketId">Whose. It has a seat, or watches; else it gets this, and nothing that follows.</param>
    public void Send(string socketId)
    {
        ArgumentException.ThrowIfNullOrEmpty(socketId);
        _newcomers.Add(socketId);
    }

    /// <summary>Something of the entity runs, which may change what it shows.</summary>
    internal void Touch() => _isTouched = true;

    /// <summary>
    /// Between what the entity runs: sends newcomers the whole, as those have it who are here, and all what has changed, if it is time.
    /// </summary>
    /// <param name="now">By the clock of ticks.</param>
    /// <param name="isLast">It will not show anything afterwards.</param>
    /// <returns>When to come back; null when there is nothing to come back for.</returns>
    /// <exception cref="Exception">The application's <see cref="RoomEntity.SyncView"/> failed, or JSON cannot be made of it.</exception>
    internal TimeSpan? Flush(TimeSpan now, bool isLast = false)
    {
        SendNewcomers();
        // A little early is on time: else ticks of the same length, which are never quite on time, would miss every other one.
        if (!_isTouched)
            return null;
        if (!isLast && _shown is not null && _due - now is { } left && left > _interval / 4)
            return left;
        (_isTouched, _due) = (false, (_due > now ? _due : now) + _interval);
        Show(Read());
        SendNewcomers(); // who came before anything could be shown
        return null;
    }

    private JsonElement Read()
    {
        var json = _context.Namespace.Services.Server.Json.Options;
        var view = _entity.SyncView();
        return JsonMergePatch.ParseWithoutNulls(JsonSerializer.SerializeToUtf8Bytes(view, view?.GetType() ?? typeof(object), json));
    }

    private void Show(JsonElement now)
    {
        if (_shown is not { } before)
        {
            (_shown, _version) = (now, _version + 1);
            Everybody.Emit(WholeEvent, Name, _version, now);
            return;
        }
        if (JsonMergePatch.Diff(before, now) is not { } patch)
            return;
        (_shown, _version) = (now, _version + 1);
        // Both take the client to the same.
        if (JsonMergePatch.BytesOf(patch).Length < JsonMergePatch.BytesOf(now).Length)
            Everybody.Emit(PatchEvent, Name, _version, patch);
        else
            Everybody.Emit(WholeEvent, Name, _version, now);
    }

    private void SendNewcomers()
    {
        if (_newcomers.Count == 0 || _shown is not { } shown)
            return;
        _context.Namespace.To([.. _newcomers]).Emit(WholeEvent, Name, _version, shown);
        _newcomers.Clear();
    }
}
