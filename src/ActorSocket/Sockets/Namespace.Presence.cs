using System.Runtime.CompilerServices;
using ActorSocket.Configuration;
using ActorSocket.Rooms;
using ActorSocket.Sockets;

namespace ActorSocket;

// Who is there: how many are in a room, which rooms there are, which users are online, and what happens to rooms.
public partial class Namespace
{
    /// <summary>
    /// How many sockets of all nodes are in a room, at the moment when it is asked: a small question to the nodes that have the room, each
    /// of which looks into one counter. One node alone answers at once.
    /// </summary>
    /// <inheritdoc cref="BroadcastOperator.CountAsync"/>
    public Task<int> CountAsync(string room, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(room);
        return To([room]).CountAsync(cancellationToken);
    }

    /// <summary>How many sockets of all nodes are connected to the namespace, likewise.</summary>
    /// <inheritdoc cref="BroadcastOperator.CountAsync"/>
    public Task<int> CountAsync(CancellationToken cancellationToken = default) => Everyone.CountAsync(cancellationToken);

    /// <summary>
    /// The names of the rooms that have members on whichever node, in ordinal order, a page at a time. Rooms of a socket's own id are left
    /// out. Every node looks through its rooms: some 20 ms for 100 000.
    /// </summary>
    /// <param name="prefix">What the names begin with; empty for all rooms.</param>
    /// <param name="after">The last name of the page before; null for the first page.</param>
    /// <param name="limit">How many at most, from 1 to 10 000.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Fewer than <paramref name="limit"/> on the last page.</returns>
    /// <exception cref="ClusterTimeoutException">Some nodes did not answer in time.</exception>
    /// <exception cref="NotSupportedException">It is the template of dynamic namespaces.</exception>
    public async Task<IReadOnlyList<string>> RoomsAsync(
        string prefix = "", string? after = null, int limit = NamePage.DefaultLimit, CancellationToken cancellationToken = default)
    {
        NamePage.Check(prefix, limit);
        cancellationToken.ThrowIfCancellationRequested();
        Services.ThrowIfTemplate(nameof(RoomsAsync));
        var here = Services.ListRooms(prefix, after, limit);
        var adapter = Services.Server.Adapter;
        var (elsewhere, missing) = await adapter
            .ListRoomsAsync(Services, prefix, after, limit, adapter.RequestTimeout, cancellationToken)
            .ConfigureAwait(false);
        if (missing.Count > 0)
            throw ClusterTimeoutException.Of(missing);
        return elsewhere.Count == 0 ? here : NamePage.Of(here.Concat(elsewhere).Distinct(StringComparer.Ordinal), "", null, limit);
    }

    /// <summary>
    /// Runs when a room of this node gets its first member (official: the adapter's event <c>create-room</c>). So does the room of a
    /// socket's own id. As in the official server, what happens on other nodes is told there.
    /// </summary>
    /// <remarks>
    /// The four events of rooms come in the order of what happened, each once the handlers of the one before are done, also asynchronous
    /// ones; nothing else waits for them. What they throw is logged. Beyond 100 000 that wait, events are dropped, and the log says how
    /// many. Handlers of a dynamic namespace's template hear of all namespaces made from it.
    /// </remarks>
    /// <returns>Dispose it to take the handler off.</returns>
    [OverloadResolutionPriority(1)]
    public IDisposable OnRoomCreated(Func<string, Task> handler) => OnRoomEvent(RoomEventKind.Created, handler);

    /// <inheritdoc cref="OnRoomCreated(Func{string, Task})"/>
    public IDisposable OnRoomCreated(Func<string, ValueTask> handler) => OnRoomCreated(Callback.From(handler));

    /// <inheritdoc cref="OnRoomCreated(Func{string, Task})"/>
    /// <exception cref="ArgumentException">It is <c>async void</c>.</exception>
    public IDisposable OnRoomCreated(Action<string> handler) => OnRoomCreated(Callback.From(handler));

    /// <summary>Runs when a room of this node has lost its last member (official: the adapter's event <c>delete-room</c>).</summary>
    /// <inheritdoc cref="OnRoomCreated(Func{string, Task})"/>
    [OverloadResolutionPriority(1)]
    public IDisposable OnRoomDeleted(Func<string, Task> handler) => OnRoomEvent(RoomEventKind.Deleted, handler);

    /// <inheritdoc cref="OnRoomDeleted(Func{string, Task})"/>
    public IDisposable OnRoomDeleted(Func<string, ValueTask> handler) => OnRoomDeleted(Callback.From(handler));

    /// <inheritdoc cref="OnRoomDeleted(Func{string, Task})"/>
    /// <exception cref="ArgumentException">It is <c>async void</c>.</exception>
    public IDisposable OnRoomDeleted(Action<string> handler) => OnRoomDeleted(Callback.From(handler));

    /// <summary>
    /// Runs when a socket of this node has joined a room, given the room and the socket's id (official: the adapter's event
    /// <c>join-room</c>): broadcasts to the room reach it by then. So does its own room, once it is connected.
    /// </summary>
    /// <inheritdoc cref="OnRoomCreated(Func{string, Task})"/>
    [OverloadResolutionPriority(1)]
    public IDisposable OnJoined(Func<string, string, Task> handler) => OnRoomEvent(RoomEventKind.Joined, handler);

    /// <inheritdoc cref="OnJoined(Func{string, string, Task})"/>
    public IDisposable OnJoined(Func<string, string, ValueTask> handler) => OnJoined(Callback.From(handler));

    /// <inheritdoc cref="OnJoined(Func{string, string, Task})"/>
    /// <exception cref="ArgumentException">It is <c>async void</c>.</exception>
    public IDisposable OnJoined(Action<string, string> handler) => OnJoined(Callback.From(handler));

    /// <summary>
    /// Runs when a socket of this node has left a room, also by its end, given the room and the socket's id (official: the adapter's event
    /// <c>leave-room</c>).
    /// </summary>
    /// <inheritdoc cref="OnRoomCreated(Func{string, Task})"/>
    [OverloadResolutionPriority(1)]
    public IDisposable OnLeft(Func<string, string, Task> handler) => OnRoomEvent(RoomEventKind.Left, handler);

    /// <inheritdoc cref="OnLeft(Func{string, string, Task})"/>
    public IDisposable OnLeft(Func<string, string, ValueTask> handler) => OnLeft(Callback.From(handler));

    /// <inheritdoc cref="OnLeft(Func{string, string, Task})"/>
    /// <exception cref="ArgumentException">It is <c>async void</c>.</exception>
    public IDisposable OnLeft(Action<string, string> handler) => OnLeft(Callback.From(handler));

    /// <summary>
    /// Keeps which users are online, on all nodes: <see cref="Users"/>. Called on every node, before clients come; of a dynamic namespace's
    /// template it is for each namespace that is made from it later.
    /// </summary>
    /// <remarks>A connection costs one short message to each other node more; without it nothing of this is there.</remarks>
    /// <returns>The namespace.</returns>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="InvalidOperationException">It was called before.</exception>
    public Namespace UsePresence(Action<PresenceOptions>? configure = null)
    {
        var options = new PresenceOptions();
        if (configure is not null)
        {
            Callback.ThrowIfAsyncVoid(configure);
            configure(options);
        }
        options.ThrowIfInvalid(nameof(configure));
        Services.UsePresence(options);
        return this;
    }

    /// <summary>The users of the namespace, on all nodes.</summary>
    /// <exception cref="InvalidOperationException"><see cref="UsePresence"/> was not called.</exception>
    /// <exception cref="NotSupportedException">It is the template of dynamic namespaces.</exception>
    public UserDirectory Users
    {
        get
        {
            Services.ThrowIfTemplate(nameof(Users));
            return Services.Users?.Directory ?? throw new InvalidOperationException(
                $"Who is online in {Name} is not kept: call UsePresence() on the namespace, on every node, before clients come.");
        }
    }

    private IDisposable OnRoomEvent(RoomEventKind kind, Func<string, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return Services.RoomEvents.On(kind, e => handler(e.Room));
    }

    private IDisposable OnRoomEvent(RoomEventKind kind, Func<string, string, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return Services.RoomEvents.On(kind, e => handler(e.Room, e.SocketId));
    }
}
