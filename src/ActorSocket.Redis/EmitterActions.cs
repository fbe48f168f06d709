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

    public Task ChangeAsync(string ns, RoomSelection selection, SocketChange change, string[] rooms) =>
        server.Namespaces.TryGet(ns, out var found) ? found.ChangeAsync(selection, change, rooms) : Task.CompletedTask;

    /// <param name="ns">The namespace.</param>
    /// <param name="data">The event's name and its arguments.</param>
    public Task RaiseAsync(string ns, JsonElement data)
    {
        if (data is not { ValueKind: JsonValueKind.Array } || data.GetArrayLength() == 0 || data[0].GetString() is not { } eventName)
            throw new FormatException("An event for servers has a name.");
        if (!server.Namespaces.TryGet(ns, out var found))
            return Task.CompletedTask;
        return found.ServerEvents.RaiseAsync(eventName, JsonSerializer.SerializeToUtf8Bytes(data.EnumerateArray().Skip(1)));
    }

    public static RoomSelection Select(IEnumerable<string> rooms, IEnumerable<string> except)
    {
        string[] to = [.. rooms];
        return (to.Length == 0 ? RoomSelection.Everyone : RoomSelection.Everyone.To(to)).Except(except);
    }
}
