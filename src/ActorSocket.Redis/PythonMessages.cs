using System.Collections;
using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
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
        await DoAsync(message, name => Names(call[name]), name => call[name] as string, ArgumentsOf).ConfigureAwait(false);

        IReadOnlyList<object?> ArgumentsOf() => call["data"] switch
        {
            null => [],
            object?[] several => [.. several.Select(Plain)], // a tuple: a list is one argument
            var one => [Plain(one)],
        };
    }

    private async Task DoJsonAsync(byte[] message)
    {
        using var document = JsonDocument.Parse(message);
        var call = document.RootElement;
        await DoAsync(
            message,
            name => call.TryGetProperty(name, out var value) ? Names(value) : null,
            name => call.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null,
            () => ArgumentsOf(call)).ConfigureAwait(false);
    }

    private async Task DoAsync(
        byte[] message, Func<string, string[]?> names, Func<string, string?> text, Func<IReadOnlyList<object?>> arguments)
    {
        var ns = text("namespace") ?? "/";
        var rooms = names("room");
        switch (text("method"))
        {
            case "emit":
                var eventName = text("event") ?? throw new FormatException("An event has a name.");
                var selection = SelectionOf(ns, rooms, names("skip_sid") ?? []);
                actions.Emit(message, EmitterWay.Python, ns, selection, eventName, arguments(), EmitFlags.None);
                break;
            case "disconnect":
                if (Named("sid") is { } leaving)
                    actions.Disconnect(leaving);
                break;
            case "enter_room":
                if (Named("sid") is { } coming)
                    await coming.JoinAsync(rooms ?? []).ConfigureAwait(false);
                break;
            case "leave_room":
                if (Named("sid") is { } going)
                    await going.LeaveAsync(rooms ?? []).ConfigureAwait(false);
                break;
            case "close_room":
                var members = EmitterActions.Select(rooms ?? [], []);
                await actions.ChangeAsync(ns, members, SocketChange.Leave, rooms ?? []).ConfigureAwait(false);
                break;
        }

        Socket? Named(string name) => actions.Find(ns, text(name) ?? throw new FormatException("It does not say whom it is for."));
    }

    /// <summary>Who is left out is a socket, and not who is in its room; of several it is all the same.</summary>
    private RoomSelection SelectionOf(string ns, string[]? rooms, string[] skipped) =>
        skipped is not [var id] ? EmitterActions.Select(rooms, skipped)
        : actions.Find(ns, id) is { } socket ? EmitterActions.Select(rooms, []).ExceptSocket(socket)
        : EmitterActions.Select(rooms, [id]); // it is not here, or is about to come, and its id is its room

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

    /// <summary>As JSON can say it. Razorvine's dictionaries do not keep the order of their keys.</summary>
    private static object? Plain(object? value) => value switch
    {
        IDictionary dictionary => dictionary.Cast<DictionaryEntry>()
            .ToDictionary(static entry => $"{entry.Key}", static entry => Plain(entry.Value), StringComparer.Ordinal),
        BigInteger large => JsonSerializer.SerializeToElement(JsonNode.Parse(large.ToString(CultureInfo.InvariantCulture))),
        string or byte[] => value,
        IEnumerable list => list.Cast<object?>().Select(Plain).ToArray(),
        _ => value,
    };

    /// <summary>Null is everybody; a list of none is nobody.</summary>
    private static string[]? Names(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.Array => [.. value.EnumerateArray().Select(static name => name.ToString())],
        _ => [value.ToString()],
    };

    private static string[]? Names(object? value) => value switch
    {
        null => null,
        string name => [name],
        IEnumerable names => [.. names.Cast<object?>().Select(static name => $"{name}")],
        _ => [$"{value}"],
    };
}
