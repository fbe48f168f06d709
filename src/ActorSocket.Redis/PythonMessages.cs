using System.Collections;
using System.Text;
using System.Text.Json;
using ActorSocket.Emitting;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sockets;
using Razorvine.Pickle;

namespace ActorSocket.Redis;

/// <summary>
/// What python-socketio's <c>RedisManager</c> publishes: one dictionary for each call, as JSON (from 5.14 on), or pickled. Answers, which
/// only its own servers can take, are not given.
/// </summary>
internal sealed class PythonMessages(ServerServices server, EmitterActions actions)
{
    private const byte Pickled = 0x80;

    public Task TakeAsync(string channel, byte[] message) => message is [Pickled, ..] ? DoPickledAsync(message) : DoJsonAsync(message);

    private async Task DoPickledAsync(byte[] message)
    {
        using var unpickler = new Unpickler();
        if (unpickler.loads(message) is not IDictionary call)
            throw new FormatException("A call is a dictionary.");
        await DoAsync(name => Names(call[name]), name => call[name] as string, ArgumentsOf).ConfigureAwait(false);

        IReadOnlyList<object?> ArgumentsOf() => call["data"] switch
        {
            null => [],
            object?[] several => several, // a tuple: a list is one argument
            var one => [one],
        };
    }

    private async Task DoJsonAsync(byte[] message)
    {
        using var document = JsonDocument.Parse(message);
        var call = document.RootElement;
        await DoAsync(
            name => call.TryGetProperty(name, out var value) ? Names(value) : [],
            name => call.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null,
            () => ArgumentsOf(call)).ConfigureAwait(false);
    }

    private Task DoAsync(Func<string, string[]> names, Func<string, string?> text, Func<IReadOnlyList<object?>> arguments)
    {
        var ns = text("namespace") ?? "/";
        var room = names("room");
        switch (text("method"))
        {
            case "emit":
                var eventName = text("event") ?? throw new FormatException("An event has a name.");
                actions.Emit(ns, EmitterActions.Select(room, names("skip_sid")), eventName, arguments(), isVolatile: false, compress: true);
                return Task.CompletedTask;
            case "disconnect": return actions.ChangeAsync(ns, Only("sid"), SocketChange.Disconnect, []);
            case "enter_room": return actions.ChangeAsync(ns, Only("sid"), SocketChange.Join, room);
            case "leave_room": return actions.ChangeAsync(ns, Only("sid"), SocketChange.Leave, room);
            case "close_room": return actions.ChangeAsync(ns, Only("room"), SocketChange.Leave, room);
            default: return Task.CompletedTask; // of its servers among themselves
        }

        RoomSelection Only(string name) => names(name) is { Length: > 0 } rooms
            ? RoomSelection.Everyone.To(rooms)
            : throw new FormatException("It does not say whom it is for.");
    }

    /// <summary>A list of arguments; with binary, that list with placeholders, and the bytes in base 64.</summary>
    private IReadOnlyList<object?> ArgumentsOf(JsonElement call)
    {
        if (!call.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Array)
            return data.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null ? [] : [data.Clone()];
        var isBinary = call.TryGetProperty("binary", out var binary) && binary.ValueKind == JsonValueKind.True;
        var list = isBinary ? data[0] : data;
        if (list is { ValueKind: JsonValueKind.Array } && list.GetArrayLength() == 1 && list[0].ValueKind == JsonValueKind.Null)
            return []; // emit("event") of Python's
        if (!isBinary)
            return [.. list.EnumerateArray().Select(static item => (object)item.Clone())];
        var attachments = data.EnumerateArray().Skip(1).Select(static item => item.GetBytesFromBase64()).ToArray();
        var decoder = server.NewTrustingDecoder();
        var text = $"5{attachments.Length}-[\"\",{list.GetRawText()[1..]}";
        var isWhole = decoder.AddText(Encoding.UTF8.GetBytes(text), out var packet);
        foreach (var attachment in attachments)
            isWhole &= decoder.AddBinary(attachment, out packet);
        return isWhole && packet is not null ? [packet.Arguments] : throw new FormatException("Its binary data cannot be read.");
    }

    private static string[] Names(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => [],
        JsonValueKind.Array => [.. value.EnumerateArray().Select(static name => name.ToString())],
        _ => [value.ToString()],
    };

    private static string[] Names(object? value) => value switch
    {
        null => [],
        string name => [name],
        IEnumerable names => [.. names.Cast<object?>().Select(static name => $"{name}")],
        _ => [$"{value}"],
    };
}
