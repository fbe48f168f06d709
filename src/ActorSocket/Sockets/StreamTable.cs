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
/// The client's go past the handlers, which may be what waits for them: they are taken by the socket's actor as they come. The rest is for
/// any thread.
/// </remarks>
internal sealed class StreamTable(Socket socket)
{
    public const string Pull = "stream:pull";
    public const string Cancel = "stream:cancel";
    public const string Next = "stream:next";
    public const string End = "stream:end";
    public const string Error = "stream:error";

    private const string Prefix = "stream:";
    private const int MaxIdLength = 64;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, OutgoingStream> _outgoing = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IncomingStream> _incoming = new(StringComparer.Ordinal);
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
        if (packet.EventName is not { } name || !name.StartsWith(Prefix, StringComparison.Ordinal))
            return false;
        var isHeld = false;
        try
        {
            switch (name)
            {
                case Pull: Outgoing(packet)?.Ask(packet.Arguments.Read<int>(1)); break;
                case Cancel: Outgoing(packet)?.Cancel(); break;
                case Next: isHeld = Incoming(packet)?.TryAdd(packet) == true; break;
                case End: Incoming(packet)?.End(null); break;
                case Error: Incoming(packet)?.End(new EventException("The client gave its stream up.") { Code = "STREAM_ABORTED" }); break;
                default: return false;
            }
        }
        catch (JsonException error) when (UnreadableArgument.Is(error))
        {
            socket.ReportRefused(error, "unreadable");
        }
        if (!isHeld)
            socket.Connection.Backlog.Completed(packet.HeldBytes);
        if (packet.IsAckWanted) // of a client with retries, which sends it again otherwise
            new Ack(socket, packet).Send();
        return true;
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
