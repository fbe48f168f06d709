using System.Globalization;
using System.Text.Json;
using ActorSocket.Emitting;
using ActorSocket.Protocol.SocketIo;

namespace ActorSocket.Sockets;

/// <summary>
/// The streams of one socket, both ways, and the events by which they go (docs/guide/streams.md): who reads asks for elements by
/// <c>stream:pull</c>, or for no more by <c>stream:cancel</c>; who writes sends <c>stream:next</c>, <c>stream:end</c>,
/// <c>stream:error</c>. Their first argument is the id, which who answers with a stream, or sends one along, has made.
/// </summary>
/// <remarks>
/// The client's go past the handlers, which may be what waits for them: they are taken by the socket's actor as they come, or, where a
/// limit holds them back, one after the other later. They count for the limits as all events do, so that nobody sends without any by this
/// way. A stream one of whose events is refused ends, since it would lack an element, or stand still; what ends a stream ends it in any
/// case. The rest is for any thread.
/// </remarks>
internal sealed class StreamTable(Socket socket)
{
    public const string Pull = "stream:pull";
    public const string Cancel = "stream:cancel";
    public const string Next = "stream:next";
    public const string End = "stream:end";
    public const string Error = "stream:error";

    private const int MaxIdLength = 64;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, OutgoingStream> _outgoing = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IncomingStream> _incoming = new(StringComparer.Ordinal);
    private Task _admitting = Task.CompletedTask; // the client's events, in their order
    private long _lastId;

    /// <summary>The streams that there are now.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _outgoing.Count + _incoming.Count;
        }
    }

    /// <summary>Answers an event with a stream, of which nothing is read before the client asks for it.</summary>
    public void Answer<T>(IAsyncEnumerable<T> items, SocketIoPacket packet, Ack ack)
    {
        OutgoingStream<T> stream;
        lock (_gate)
        {
            ThrowIfFull();
            stream = new OutgoingStream<T>(this, socket, (++_lastId).ToString(CultureInfo.InvariantCulture), items, packet);
            _outgoing.Add(stream.Id, stream);
        }
        ack.SendArguments(new StreamReference(stream.Id));
    }

    /// <summary>The stream that a client sends along with an event.</summary>
    public IncomingStream<T> Open<T>(JsonElement id, SocketIoPacket packet)
    {
        var stream = new IncomingStream<T>(this, socket, id, packet);
        lock (_gate)
        {
            ThrowIfFull();
            if (!_incoming.TryAdd(stream.Key, stream))
                throw new EventException("There is a stream of this id already.") { Code = "BAD_ARGUMENT" };
        }
        stream.EndWithSocket();
        return stream;
    }

    /// <summary>
    /// An event's handlers have ended: what none of them has begun to read, or was not bound to any, nobody will. The client is told. While
    /// a sequence that they returned is still to be read, that may read it.
    /// </summary>
    public void CloseUnread(SocketIoPacket packet)
    {
        IncomingStream[] streams;
        lock (_gate)
        {
            if (_outgoing.Values.Any(stream => ReferenceEquals(stream.Packet, packet)))
                return;
            streams = [.. _incoming.Values.Where(stream => ReferenceEquals(stream.Packet, packet))];
        }
        foreach (var stream in streams)
            stream.CloseIfUnread();
    }

    public void Remove(OutgoingStream stream)
    {
        lock (_gate)
            _outgoing.Remove(stream.Id);
        CloseUnread(stream.Packet);
    }

    public void Remove(IncomingStream stream)
    {
        lock (_gate)
            _incoming.Remove(stream.Key);
    }

    /// <summary>Not remembered for a client that comes back: its streams have ended.</summary>
    public void Emit<TArgs>(string eventName, in TArgs args)
        where TArgs : struct, IEventArguments
    {
        if (!socket.IsOver && !socket.IsToldToGo)
            socket.Namespace.Services.Emit(socket, eventName, args, EmitFlags.None, isOwn: true);
    }

    /// <summary>Whether it is an event of streams; it is done then.</summary>
    public bool TryTake(SocketIoPacket packet)
    {
        if (packet.EventName is not (Pull or Cancel or Next or End or Error))
            return false;
        if (socket.Namespace.Services.Gate is { } gate)
            _admitting = AdmitAsync(_admitting, gate, packet);
        else
            Take(packet, refusal: null);
        return true;
    }

    private async Task AdmitAsync(Task earlier, IEventGate gate, SocketIoPacket packet)
    {
        Exception? refusal = null;
        await earlier.ConfigureAwait(false); // never fails
        try
        {
            if (socket.IsOver || !await gate.AdmitAsync(socket, packet, packet.EventName!).ConfigureAwait(false))
                refusal = new EventException("Too many events") { Code = "RATE_LIMITED" };
        }
        catch (OperationCanceledException error) when (socket.IsOver)
        {
            refusal = error; // its client has left while it waited, and is told nothing
        }
        catch (Exception error) // of the application's: who decides on the limit, or is asked about what exceeds it
        {
            socket.ReportHandlerError(error);
            refusal = error;
            var isDetailed = socket.Namespace.Services.Server.Options.EnableDetailedErrors;
            if (packet.IsAckWanted)
                new Ack(socket, packet).SendArguments(ErrorAnswers.Of(error, isDetailed));
        }
        try
        {
            Take(packet, refusal);
        }
        catch (Exception error)
        {
            socket.ReportHandlerError(error);
        }
    }

    private void Take(SocketIoPacket packet, Exception? refusal)
    {
        var isHeld = false;
        try
        {
            switch (packet.EventName)
            {
                case Pull when refusal is not null: Outgoing(packet)?.Fail(refusal); break;
                case Next when refusal is not null: Incoming(packet)?.Refuse(refusal); break;
                case Pull: Outgoing(packet)?.Ask(packet.Arguments.Read<int>(1)); break;
                case Cancel: Outgoing(packet)?.Cancel(); break;
                case Next: isHeld = Incoming(packet)?.TryAdd(packet) == true; break;
                case End: Incoming(packet)?.End(null); break;
                case Error: Incoming(packet)?.End(new EventException("The client gave its stream up.") { Code = "STREAM_ABORTED" }); break;
            }
        }
        catch (JsonException error) when (UnreadableArgument.Is(error))
        {
            socket.ReportRefused(error, "unreadable");
        }
        if (!isHeld)
            socket.Connection.Backlog.Completed(packet.HeldBytes);
        if (packet.IsAckWanted && refusal is null) // of a client with retries, which sends it again otherwise
            new Ack(socket, packet).Send();
    }

    /// <summary>A client may call it by a text or a number.</summary>
    public static string? KeyOf(JsonElement id) =>
        id.ValueKind is JsonValueKind.String or JsonValueKind.Number && id.ToString() is { Length: > 0 and <= MaxIdLength } key
            ? key
            : null;

    private OutgoingStream? Outgoing(SocketIoPacket packet)
    {
        lock (_gate)
            return KeyOf(packet.Arguments.Read<JsonElement>(0)) is { } key ? _outgoing.GetValueOrDefault(key) : null;
    }

    private IncomingStream? Incoming(SocketIoPacket packet)
    {
        lock (_gate)
            return KeyOf(packet.Arguments.Read<JsonElement>(0)) is { } key ? _incoming.GetValueOrDefault(key) : null;
    }

    private void ThrowIfFull()
    {
        if (_outgoing.Count + _incoming.Count >= socket.Namespace.Services.Server.Options.MaxStreams)
            throw new EventException("Too many streams") { Code = "TOO_MANY_STREAMS" };
    }
}
