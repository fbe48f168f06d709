using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using ActorSocket.Emitting;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sockets;

namespace ActorSocket.Redis;

/// <summary>By which subscription something came: what comes by one is in the same order on all nodes.</summary>
internal enum EmitterWay
{
    None,
    JavaScript,
    Python,
}

/// <summary>
/// What emitters ask for, done to the sockets of this node alone: each node hears of it by itself, as with the official adapter. A
/// namespace that is not here has no sockets here.
/// </summary>
internal sealed class EmitterActions(ServerServices server)
{
    /// <param name="message">What was published. Other nodes know the event by it, too: a client that changes nodes gets it once.</param>
    /// <param name="way">By which of the subscriptions it came.</param>
    /// <param name="ns">The namespace.</param>
    /// <param name="selection">Whom it is for.</param>
    /// <param name="eventName">The event.</param>
    /// <param name="args">Its arguments.</param>
    /// <param name="flags">How it is sent; to this node's sockets in any case.</param>
    public void Emit(
        byte[] message, EmitterWay way, string ns, RoomSelection selection, string eventName, IReadOnlyList<object?> args, EmitFlags flags)
    {
        EmitFlags.ThrowIfReserved(eventName);
        if (server.Namespaces.TryGet(ns, out var found))
            found.Emit(selection, eventName, new ArgumentList(args), flags with { Local = true }, OriginOf(message, way));
    }

    /// <summary>The beginning of a hash, but for the two bits that say the way, which is never 0.</summary>
    private long OriginOf(byte[] message, EmitterWay way) => server.Options.ConnectionStateRecovery is null
        ? 0
        : (BinaryPrimitives.ReadInt64LittleEndian(SHA256.HashData(message)) & ~3L) | (long)way;

    /// <summary>Completes when who joins or leaves has done so: what is published next is for those. Nobody waits for a goodbye.</summary>
    public Task ChangeAsync(string ns, RoomSelection selection, SocketChange change, string[] rooms)
    {
        if (!server.Namespaces.TryGet(ns, out var found))
            return Task.CompletedTask;
        var changing = ChangeAsync(found, selection, change, rooms);
        if (change is SocketChange.Join or SocketChange.Leave)
            return changing;
        _ = ReportAsync(changing);
        return Task.CompletedTask;
    }

    private static async Task ChangeAsync(NamespaceServices ns, RoomSelection selection, SocketChange change, string[] rooms)
    {
        if (await ns.ChangeAsync(selection, change, rooms).ConfigureAwait(false) is { IsNone: false } failed)
            throw SocketsFailedException.Of(failed, []); // whoever has published it cannot be told: the log is
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
