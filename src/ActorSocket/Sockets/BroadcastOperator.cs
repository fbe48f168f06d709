using ActorSocket.Diagnostics;
using ActorSocket.Emitting;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sockets;
using Akka.Actor;

namespace ActorSocket;

/// <summary>
/// The sockets of a namespace that are in any of some rooms and in none of some others, with flags for what is emitted to them. Immutable;
/// every call returns another. Each socket is reached once, however many of its rooms match.
/// </summary>
public sealed class BroadcastOperator : IAckBroadcaster
{
    private readonly Namespace _namespace;
    private readonly RoomSelection _selection;
    private readonly EmitFlags _flags;

    internal BroadcastOperator(Namespace ns, RoomSelection selection, EmitFlags flags)
    {
        _namespace = ns;
        _selection = selection;
        _flags = flags;
    }

    /// <summary>
    /// Adds rooms to the union: <c>To("a", "b")</c>, or <c>To(list)</c>. A socket's id is a room. Given an empty list, nobody (the official
    /// server reaches everybody then). Official: <c>to</c>.
    /// </summary>
    public BroadcastOperator To(params IEnumerable<string> rooms) => new(_namespace, _selection.To(rooms), _flags);

    /// <summary>The same as <see cref="To"/>. Official: <c>in</c>.</summary>
    public BroadcastOperator In(params IEnumerable<string> rooms) => To(rooms);

    /// <summary>Leaves out the members of these rooms. Official: <c>except</c>.</summary>
    public BroadcastOperator Except(params IEnumerable<string> rooms) => new(_namespace, _selection.Except(rooms), _flags);

    /// <summary>A client that is not ready (between two polls, or with earlier packets waiting) does not get the packet.</summary>
    public BroadcastOperator Volatile => new(_namespace, _selection, _flags with { Volatile = true });

    /// <summary>Only the sockets of this node.</summary>
    public BroadcastOperator Local => new(_namespace, _selection, _flags with { Local = true });

    /// <summary>Whether the packet may be compressed. It may by default.</summary>
    public BroadcastOperator Compress(bool compress) => new(_namespace, _selection, _flags with { Compress = compress });

    /// <summary>
    /// How long <c>EmitWithAckAsync</c> waits for the clients' acknowledgements, and what fetches, moves and disconnects sockets for the
    /// other nodes, which without it is <c>ActorSocketClusterOptions.RequestTimeout</c>. Official: <c>timeout</c>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative, or more than 24 days.</exception>
    public BroadcastOperator Timeout(TimeSpan timeout) => new(_namespace, _selection, _flags.Within(timeout));

    /// <inheritdoc/>
    public void Emit<TArgs>(string eventName, in TArgs args)
        where TArgs : struct, IEventArguments
    {
        EmitFlags.ThrowIfReserved(eventName);
        _namespace.Services.Emit(_selection, eventName, args, _flags);
    }

    /// <summary>
    /// Asks every socket and waits for the first argument of each acknowledgement, in the order they arrive. Official: <c>emitWithAck</c>.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// No <see cref="Timeout"/> was given: a single silent client would make it wait for ever.
    /// </exception>
    /// <exception cref="AckTimeoutException">
    /// Some did not answer in time, or not with a <typeparamref name="T"/>; it has the answers of the others.
    /// </exception>
    /// <inheritdoc/>
    public async Task<IReadOnlyList<T?>> EmitWithAckCoreAsync<T>(
        string eventName, IReadOnlyList<object?> args, CancellationToken cancellationToken = default)
    {
        EmitFlags.ThrowIfReserved(eventName);
        ArgumentNullException.ThrowIfNull(args);
        if (_flags.Timeout is not { } timeout)
            throw new InvalidOperationException(
                "A broadcast that is acknowledged needs a time limit: io.To(room).Timeout(TimeSpan.FromSeconds(5)).EmitWithAckAsync(…)."
            );
        var services = _namespace.Services;
        if (services.Children is not null)
            return []; // as the official server: a template has no clients of its own
        using var activity = ActorSocketActivity.IsOn ? ActorSocketActivity.StartSend(services.MetricsName, eventName) : null;
        var id = services.NextAckId();
        var frame = new EncodedFrame(services.Server.Packets.Event(services.Name, eventName, id, new ArgumentList(args)), _flags.Compress);
        var recipients = services.Select(_selection);
        var acks = new BroadcastAck(id, recipients);
        BroadcastAnswers answers;
        IDisposable? elsewhere = null;
        try
        {
            foreach (var socket in recipients)
                socket.Actor.Tell(new Sockets.SocketProtocol.AckAsked(id, acks));
            services.Server.EmitObserver?.OnEmit(services.Name, _selection, frame, isFromHere: true);
            foreach (var socket in recipients)
                socket.Send(frame, _flags.Volatile);
            if (!_flags.Local)
                elsewhere = services.Server.Adapter.AskClients(services, _selection, eventName, args, _flags, timeout, acks);
            acks.AllAreAsked();
            answers = await acks.WaitAsync(timeout, services.Server.Time, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            elsewhere?.Dispose();
            acks.Forget();
        }
        return answers.Read<T>();
    }

    /// <summary>The matching sockets of all nodes, with copies of their data.</summary>
    /// <exception cref="ClusterTimeoutException">Some nodes did not answer in time (<see cref="Timeout"/>, or
    /// <c>ActorSocketClusterOptions.RequestTimeout</c>).</exception>
    public async Task<IReadOnlyList<RemoteSocket>> FetchSocketsAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var services = _namespace.Services;
        if (services.Children is not null)
            throw new NotSupportedException(
                "FetchSocketsAsync() is not supported on the template of dynamic namespaces: ask each namespace."
            );
        var found = services.Select(_selection).ConvertAll(socket => new RemoteSocket(_namespace, SocketDetails.Of(socket)));
        if (_flags.Local)
            return found;
        var (elsewhere, missing) = await services
            .Server.Adapter.FetchAsync(services, _selection, TimeLimit, cancellationToken)
            .ConfigureAwait(false);
        foreach (var facts in elsewhere)
            found.Add(new RemoteSocket(_namespace, facts));
        return missing.Count == 0 ? found : throw ClusterTimeoutException.Of(missing, found);
    }

    /// <summary>
    /// How many sockets of all nodes match. A single room is not looked through, nor is everyone: the nodes that have the room say how many
    /// members it has there, one that is just being let in or is about to go included. Several rooms, and exceptions, each node counts.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ClusterTimeoutException">Some nodes did not answer in time (<see cref="Timeout"/>, or
    /// <c>ActorSocketClusterOptions.RequestTimeout</c>); it has what the others said.</exception>
    /// <exception cref="NotSupportedException">It is the template of dynamic namespaces.</exception>
    public async Task<int> CountAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var services = _namespace.Services;
        services.ThrowIfTemplate(nameof(CountAsync));
        var count = services.Count(_selection);
        if (_flags.Local)
            return count;
        var (elsewhere, missing) = await services
            .Server.Adapter.CountAsync(services, _selection, TimeLimit, cancellationToken)
            .ConfigureAwait(false);
        count += elsewhere;
        return missing.Count == 0 ? count : throw ClusterTimeoutException.Of(missing, count: count);
    }

    /// <summary>
    /// Lets the matching sockets of all nodes join a room. Completed, every later broadcast to the room reaches them. Official:
    /// <c>socketsJoin</c>.
    /// </summary>
    /// <param name="room">Any text of at most 256 bytes.</param>
    /// <param name="cancellationToken">Ends the wait; some sockets may have joined.</param>
    /// <exception cref="ArgumentException">The name is longer.</exception>
    /// <exception cref="SocketsFailedException">
    /// Some did not join, of this node or of another: they are in as many rooms as <c>MaxRoomsPerSocket</c> allows. All others did.
    /// </exception>
    /// <exception cref="ClusterTimeoutException">
    /// Some nodes did not confirm it in time (<see cref="Timeout"/>, or <c>ActorSocketClusterOptions.RequestTimeout</c>).
    /// </exception>
    public ValueTask SocketsJoinAsync(string room, CancellationToken cancellationToken = default) =>
        ChangeAsync(SocketChange.Join, [room], cancellationToken, nameof(room));

    /// <summary>As <see cref="SocketsJoinAsync(string, CancellationToken)"/>, for several rooms.</summary>
    /// <inheritdoc cref="SocketsJoinAsync(string, CancellationToken)"/>
    public ValueTask SocketsJoinAsync(IEnumerable<string> rooms, CancellationToken cancellationToken = default) =>
        ChangeAsync(SocketChange.Join, rooms, cancellationToken);

    /// <summary>
    /// Lets the matching sockets of all nodes leave a room. Completed, no later broadcast to the room reaches them. Official:
    /// <c>socketsLeave</c>.
    /// </summary>
    /// <param name="room">The room.</param>
    /// <param name="cancellationToken">Ends the wait; some sockets may have left.</param>
    /// <exception cref="SocketsFailedException">A node failed; all others did.</exception>
    /// <exception cref="ClusterTimeoutException">
    /// Some nodes did not confirm it in time (<see cref="Timeout"/>, or <c>ActorSocketClusterOptions.RequestTimeout</c>).
    /// </exception>
    public ValueTask SocketsLeaveAsync(string room, CancellationToken cancellationToken = default) =>
        ChangeAsync(SocketChange.Leave, [room], cancellationToken, nameof(room));

    /// <summary>As <see cref="SocketsLeaveAsync(string, CancellationToken)"/>, for several rooms.</summary>
    /// <inheritdoc cref="SocketsLeaveAsync(string, CancellationToken)"/>
    public ValueTask SocketsLeaveAsync(IEnumerable<string> rooms, CancellationToken cancellationToken = default) =>
        ChangeAsync(SocketChange.Leave, rooms, cancellationToken);

    /// <summary>Disconnects the matching sockets of all nodes. Official: <c>disconnectSockets</c>.</summary>
    /// <param name="scope">From the namespace, or with their connections (official: <c>disconnectSockets(true)</c>).</param>
    /// <param name="cancellationToken">Ends the wait; some sockets may be disconnected.</param>
    /// <exception cref="SocketsFailedException">A node failed; all others did.</exception>
    /// <exception cref="ClusterTimeoutException">
    /// Some nodes did not confirm it in time (<see cref="Timeout"/>, or <c>ActorSocketClusterOptions.RequestTimeout</c>).
    /// </exception>
    public ValueTask DisconnectSocketsAsync(
        DisconnectScope scope = DisconnectScope.Namespace, CancellationToken cancellationToken = default) =>
        ChangeAsync(scope == DisconnectScope.Connection ? SocketChange.Close : SocketChange.Disconnect, [], cancellationToken);

    private TimeSpan TimeLimit => _flags.Timeout ?? _namespace.Services.Server.Adapter.RequestTimeout;

    private async ValueTask ChangeAsync(
        SocketChange change, IEnumerable<string> rooms, CancellationToken cancellationToken, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(rooms);
        cancellationToken.ThrowIfCancellationRequested();
        string[] names = [.. rooms];
        RoomSelection.ThrowIfNull(names, name ?? nameof(rooms));
        if (change == SocketChange.Join) // before any socket has joined, wherever the first one is
            Array.ForEach(names, joined => NamespaceServices.ThrowIfTooLong(joined, name ?? nameof(rooms)));
        var services = _namespace.Services;
        var adapter = _flags.Local || services.Children is not null ? SingleNodeAdapter.Instance : services.Server.Adapter;
        var here = services.ChangeAsync(_selection, change, names, cancellationToken);
        var elsewhere = adapter.ChangeAsync(services, _selection, change, names, TimeLimit, cancellationToken);
        await Task.WhenAll(here, elsewhere).ConfigureAwait(false);
        var (failed, missing) = await elsewhere.ConfigureAwait(false);
        failed = (await here.ConfigureAwait(false)).And(failed);
        if (!failed.IsNone)
            throw SocketsFailedException.Of(failed, missing);
        if (missing.Count > 0)
            throw ClusterTimeoutException.Of(missing);
    }
}
