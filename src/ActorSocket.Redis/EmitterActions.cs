using System.Text.Json;
using ActorSocket.Emitting;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sockets;

namespace ActorSocket.Redis;

/// <summary>
/// What emitters ask for, done to the sockets of this node alone: each node hears of it by itself, as with the official adapter. A
/// namespace that is not here has no sockets here.
/// </summary>
internal sealed class EmitterActions(ServerServices server)
{
    private static readonly EmitFlags Here = EmitFlags.None with { Local = true };

    public void Emit(string ns, RoomSelection selection, string eventName, IReadOnlyList<object?> args, bool isVolatile, bool compress)
    {
        if (server.Namespaces.TryGet(ns, out var found))
            new BroadcastOperator(found.Face, selection, Here with { Volatile = isVolatile, Compress = compress })
                .Emit(eventName, new ArgumentList(args));
    }

    /// <summary>Completes when who joins or leaves has done so: what is published next is for those. Nobody waits for a goodbye.</summary>
    public Task ChangeAsync(string ns, RoomSelection selection, SocketChange change, string[] rooms)
    {
        if (!server.Namespaces.TryGet(ns, out var found))
            return Task.CompletedTask;
        var changing = found.ChangeAsync(selection, change, rooms);
        if (change is SocketChange.Join or SocketChange.Leave)
            return changing;
        _ = ReportAsync(changing);
        return Task.CompletedTask;
    }

    /// <summary>The socket of this id, and not who is in a room of that name. Null where it is not here.</summary>
    public Socket? Find(string ns, string id) => server.Namespaces.TryGet(ns, out var found) ? found.Find(id) : null;

    public void Disconnect(Socket socket) => _ = ReportAsync(socket.DisconnectAsync(DisconnectScope.Namespace).AsTask());

    /// <summary>Whose handlers take their time, in which other messages are done.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="data">The event's name and its arguments.</param>
    public void Raise(string ns, JsonElement data)
    {
        if (data is not { ValueKind: JsonValueKind.Array } || data.GetArrayLength() == 0 || data[0].GetString() is not { } eventName)
            throw new FormatException("An event for servers has a name.");
        if (server.Namespaces.TryGet(ns, out var found))
            _ = found.ServerEvents.RaiseAsync(eventName, JsonSerializer.SerializeToUtf8Bytes(data.EnumerateArray().Skip(1)));
    }

    /// <param name="rooms">Null for everyone.</param>
    /// <param name="except">Who is left out.</param>
    public static RoomSelection Select(IReadOnlyCollection<string>? rooms, IEnumerable<string> except) =>
        (rooms is null ? RoomSelection.Everyone : RoomSelection.Everyone.To(rooms)).Except(except);

    private async Task ReportAsync(Task done)
    {
        try
        {
            await done.ConfigureAwait(false);
        }
        catch (Exception error)
        {
            server.Log.EmitterMessageFailed(error);
        }
    }
}
