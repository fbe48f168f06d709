using Akka.Actor;
using ActorSocket.Delivery;
using ActorSocket.Namespaces;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket;

/// <summary>
/// The sockets of a namespace that are in any of some rooms and in none of some others, with flags for what is emitted to them. Immutable; every call
/// returns another. Each socket is reached once, however many of its rooms match.
/// </summary>
public sealed class BroadcastOperator : IEventEmitter
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

    /// <summary>Adds rooms to the union. A socket's id is a room. Given an empty list, nobody (the official server reaches everybody then).</summary>
    public BroadcastOperator To(params string[] rooms) => new(_namespace, _selection.To(rooms), _flags);

    /// <inheritdoc cref="To"/>
    public BroadcastOperator In(params string[] rooms) => To(rooms);

    /// <summary>Leaves out the members of these rooms.</summary>
    public BroadcastOperator Except(params string[] rooms) => new(_namespace, _selection.Except(rooms), _flags);

    /// <summary>A client that is not ready (between two polls, or with earlier packets waiting) does not get the packet.</summary>
    public BroadcastOperator Volatile => new(_namespace, _selection, _flags with { Volatile = true });

    /// <summary>Only the sockets of this node.</summary>
    public BroadcastOperator Local => new(_namespace, _selection, _flags with { Local = true });

    /// <summary>Whether the packet may be compressed. It may by default.</summary>
    public BroadcastOperator Compress(bool compress) => new(_namespace, _selection, _flags with { Compress = compress });

    /// <summary>How long <c>EmitWithAckAsync</c> waits for the clients' acknowledgements.</summary>
    public BroadcastOperator Timeout(TimeSpan timeout) => new(_namespace, _selection, _flags with { Timeout = timeout });

    /// <inheritdoc/>
    public void Emit<TArgs>(string eventName, in TArgs args)
        where TArgs : struct, IEventArguments
    {
        EmitFlags.ThrowIfReserved(eventName);
        _namespace.Services.Emit(_selection, eventName, args, _flags);
    }

    /// <summary>Asks every socket and waits for the first argument of each acknowledgement, in the order they arrive.</summary>
    /// <exception cref="InvalidOperationException">No <see cref="Timeout"/> was given: a single silent client would make it wait for ever.</exception>
    /// <exception cref="AckTimeoutException">Some did not answer in time; it has the answers of the others.</exception>
    public Task<IReadOnlyList<T?>> EmitWithAckAsync<T>(string eventName, CancellationToken cancellationToken = default) => Ask<T>(eventName, [], cancellationToken);

    /// <inheritdoc cref="EmitWithAckAsync{T}(string, CancellationToken)"/>
    public Task<IReadOnlyList<T?>> EmitWithAckAsync<T>(string eventName, object? arg1, CancellationToken cancellationToken = default) => Ask<T>(eventName, [arg1], cancellationToken);

    /// <inheritdoc cref="EmitWithAckAsync{T}(string, CancellationToken)"/>
    public Task<IReadOnlyList<T?>> EmitWithAckAsync<T>(string eventName, object? arg1, object? arg2, CancellationToken cancellationToken = default) =>
        Ask<T>(eventName, [arg1, arg2], cancellationToken);

    /// <inheritdoc cref="EmitWithAckAsync{T}(string, CancellationToken)"/>
    public Task<IReadOnlyList<T?>> EmitWithAckAsync<T>(string eventName, object? arg1, object? arg2, object? arg3, CancellationToken cancellationToken = default) =>
        Ask<T>(eventName, [arg1, arg2, arg3], cancellationToken);

    /// <summary>The matching sockets, with copies of their data.</summary>
    public Task<IReadOnlyList<RemoteSocket>> FetchSocketsAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_namespace.Services.Children is not null)
            throw new NotSupportedException("FetchSocketsAsync() is not supported on the template of dynamic namespaces: ask each namespace.");
        return Task.FromResult<IReadOnlyList<RemoteSocket>>(_namespace.Services.Select(_selection).ConvertAll(static socket => new RemoteSocket(socket)));
    }

    /// <summary>Lets the matching sockets join rooms.</summary>
    public async ValueTask SocketsJoinAsync(params string[] rooms)
    {
        foreach (var socket in _namespace.Services.Select(_selection))
            await socket.JoinAsync(rooms).ConfigureAwait(false);
    }

    /// <summary>Lets the matching sockets leave rooms.</summary>
    public async ValueTask SocketsLeaveAsync(params string[] rooms)
    {
        foreach (var socket in _namespace.Services.Select(_selection))
        {
            foreach (var room in rooms)
                await socket.LeaveAsync(room).ConfigureAwait(false);
        }
    }

    /// <summary>Disconnects the matching sockets from the namespace, or with <paramref name="close"/> closes their connections.</summary>
    public async ValueTask DisconnectSocketsAsync(bool close = false)
    {
        foreach (var socket in _namespace.Services.Select(_selection))
            await socket.DisconnectAsync(close).ConfigureAwait(false);
    }

    private async Task<IReadOnlyList<T?>> Ask<T>(string eventName, object?[] args, CancellationToken cancellationToken)
    {
        EmitFlags.ThrowIfReserved(eventName);
        if (_flags.Timeout is not { } timeout)
            throw new InvalidOperationException("A broadcast that is acknowledged needs a time limit: io.To(room).Timeout(TimeSpan.FromSeconds(5)).EmitWithAckAsync(…).");
        var services = _namespace.Services;
        if (services.Children is not null)
            return []; // as the official server: a template has no clients of its own
        var id = services.NextAckId();
        var packet = services.Server.Packets.Event(services.Name, eventName, id, new ArgumentList(args));
        var recipients = services.Select(_selection);
        var acks = new BroadcastAck(id, recipients, services.Actor);
        foreach (var socket in recipients)
            socket.Actor.Tell(new Sockets.SocketProtocol.AckAsked(id, acks, null));
        services.Actor.Tell(new NamespaceProtocol.AwaitAcks(acks, timeout));
        var frame = new EncodedFrame(packet, _flags.Compress);
        foreach (var socket in recipients)
            socket.Send(frame, _flags.Volatile);
        var responses = await acks.Responses.WaitAsync(cancellationToken).ConfigureAwait(false);
        var values = new T?[responses.Count];
        for (var i = 0; i < values.Length; i++)
            values[i] = responses[i].Count > 0 ? responses[i][0].As<T>() : default;
        return values;
    }
}
