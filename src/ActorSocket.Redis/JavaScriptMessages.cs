using System.Text.Json;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Emitting;
using ActorSocket.Sockets;

namespace ActorSocket.Redis;

/// <summary>
/// What <c>@socket.io/redis-emitter</c> publishes, and whoever speaks as it does: <c>KEY#/nsp#</c> and <c>KEY#/nsp#room#</c> have events,
/// in MessagePack, <c>KEY-request#/nsp#</c> has requests, in JSON. Requests that want an answer are for official servers among themselves.
/// </summary>
internal sealed class JavaScriptMessages(string key, ServerServices server, EmitterActions actions)
{
    private enum Request
    {
        Join = 2,
        Leave = 3,
        Disconnect = 4,
        ServerSideEmit = 6,
    }

    private readonly string _events = key + "#/";
    private readonly string _requests = key + "-request#/";

    public Task TakeAsync(string channel, byte[] message)
    {
        if (channel.StartsWith(_events, StringComparison.Ordinal))
            Emit(message);
        else if (channel.StartsWith(_requests, StringComparison.Ordinal))
            return DoAsync(channel[(_requests.Length - 1)..].TrimEnd('#'), message);
        return Task.CompletedTask;
    }

    /// <summary>An array of who published it, a packet as socket.io-msgpack-parser has it, and for whom it is.</summary>
    private void Emit(byte[] message)
    {
        var reader = new MessagePackReader(message);
        if (reader.ReadArrayHeader() != 3)
            throw new FormatException("An event is an array of three.");
        reader.Skip();
        var start = message.Length - reader.Left;
        reader.Skip();
        var end = message.Length - reader.Left;
        using var options = JsonDocument.Parse(reader.ReadJson());
        var decoder = new ParserPacketDecoder(new MessagePackParser().CreateDecoder(), server.NewTrustingDecoder());
        if (!decoder.AddBinary(message[start..end], out var packet) || packet?.EventName is not { } eventName)
            throw new FormatException("It is no event.");
        var flags = options.RootElement.TryGetProperty("flags", out var given) && given.ValueKind == JsonValueKind.Object ? given : default;
        actions.Emit(
            message, EmitterWay.JavaScript, packet.Namespace, SelectionOf(options.RootElement), eventName, [packet.Arguments],
            EmitFlags.None with { Volatile = Flag(flags, "volatile") == true, Compress = Flag(flags, "compress") != false });
    }

    private async Task DoAsync(string ns, byte[] message)
    {
        using var request = JsonDocument.Parse(message);
        var root = request.RootElement;
        var type = root.GetProperty("type").TryGetInt32(out var number) ? (Request)number : default;
        var rooms = Names(root, "rooms");
        if (type == Request.ServerSideEmit)
            actions.Raise(ns, root.GetProperty("data"));
        await (type switch
        {
            Request.Join => actions.ChangeAsync(ns, SelectionOf(Options(root)), SocketChange.Join, rooms),
            Request.Leave => actions.ChangeAsync(ns, SelectionOf(Options(root)), SocketChange.Leave, rooms),
            Request.Disconnect => actions.ChangeAsync(
                ns, SelectionOf(Options(root)), Flag(root, "close") == true ? SocketChange.Close : SocketChange.Disconnect, []),
            _ => Task.CompletedTask,
        }).ConfigureAwait(false);
    }

    /// <exception cref="FormatException">There are none: it would be for all.</exception>
    private static JsonElement Options(JsonElement request) => request.TryGetProperty("opts", out var options)
        ? options
        : throw new FormatException("It does not say whom it is for.");

    /// <summary>No room at all is everybody.</summary>
    private static RoomSelection SelectionOf(JsonElement options) =>
        EmitterActions.Select(Names(options, "rooms") is { Length: > 0 } rooms ? rooms : null, Names(options, "except"));

    /// <summary>JavaScript's rooms may be numbers.</summary>
    private static string[] Names(JsonElement options, string property) =>
        options.TryGetProperty(property, out var names) && names.ValueKind == JsonValueKind.Array
            ? [.. names.EnumerateArray().Select(static name => name.ToString())]
            : [];

    private static bool? Flag(JsonElement flags, string name) =>
        flags.ValueKind == JsonValueKind.Object && flags.TryGetProperty(name, out var flag)
            && flag.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? flag.GetBoolean()
            : null;
}
