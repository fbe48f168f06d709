using ActorSocket.Emitting;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sockets;

namespace ActorSocket.TestKit;

/// <summary>
/// Sees what is emitted to one room, once for each emit, whoever is in it and whether it is volatile: made by
/// <see cref="ActorSocketTestServer.Room(string, string)"/>. Disposed, it sees nothing more.
/// </summary>
public sealed class RoomProbe : EventInbox, IDisposable
{
    private readonly string _namespace;
    private readonly string _room;
    private readonly IDisposable _watch;

    internal RoomProbe(ActorSocketTestServer server, string ns, string room)
        : base(server)
    {
        (_namespace, _room) = (ns, room);
        _watch = EmitWatch.Of(server.Io.Server).Add(OnEmit);
    }

    private protected override string Owner => $"Room \"{_room}\" ({_namespace})";

    /// <inheritdoc/>
    public void Dispose() => _watch.Dispose();

    private void OnEmit(string ns, RoomSelection selection, EncodedFrame frame)
    {
        if (
            ns == _namespace
            && selection.Rooms is { } rooms
            && rooms.Contains(_room, StringComparer.Ordinal)
            && Server.Io.Server.Read(frame) is { EventName: { } name } packet
        )
            Add(new ReceivedEvent(name, packet.Arguments));
    }
}

/// <summary>Tells all probes of one server what is emitted.</summary>
internal sealed class EmitWatch : IEmitObserver
{
    private static readonly Lock Making = new();

    private readonly Lock _gate = new();
    private Action<string, RoomSelection, EncodedFrame>[] _probes = [];

    public static EmitWatch Of(ServerServices server)
    {
        lock (Making)
        {
            if (server.EmitObserver is EmitWatch watch)
                return watch;
            watch = new EmitWatch();
            server.EmitObserver = watch;
            return watch;
        }
    }

    public IDisposable Add(Action<string, RoomSelection, EncodedFrame> probe)
    {
        lock (_gate)
            _probes = [.. _probes, probe];
        return new Watching(this, probe);
    }

    public void OnEmit(string ns, RoomSelection selection, EncodedFrame frame, bool isFromHere)
    {
        foreach (var probe in Volatile.Read(ref _probes))
            probe(ns, selection, frame);
    }

    private sealed class Watching(EmitWatch watch, Action<string, RoomSelection, EncodedFrame> probe) : IDisposable
    {
        public void Dispose()
        {
            lock (watch._gate)
                watch._probes = Array.FindAll(watch._probes, one => one != probe);
        }
    }
}
