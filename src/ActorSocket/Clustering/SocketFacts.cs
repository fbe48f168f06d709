using System.Globalization;
using System.Security.Claims;
using System.Text.Json;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sessions;

namespace ActorSocket.Clustering;

/// <summary>What one node tells another of a socket: the members of a <see cref="RemoteSocket"/>. Data travels as JSON; the user of a request does not travel.</summary>
internal sealed record SocketFacts(string Id, HandshakeRequest Request, JsonElement Auth, IReadOnlyCollection<string> Rooms, IReadOnlyDictionary<string, object?> Data)
{
    private static readonly JsonElement Nothing = JsonElement.Parse("{}"u8);

    public static SocketFacts Of(Socket socket) =>
        new(socket.Id, socket.Handshake.Request, socket.Handshake.Auth, socket.Rooms, new Dictionary<string, object?>(socket.Data, StringComparer.Ordinal));

    public byte[] ToBytes(SocketJson json)
    {
        var wire = new WireWriter(512);
        wire.Text(Id).Texts(Rooms).Text(Auth.GetRawText()).Bytes(DataToBytes(Data, json))
            .Texts(Flatten(Request.Headers)).Texts(Flatten(Request.Query)).Text(Request.Address).Flag(Request.Secure).Flag(Request.CrossDomain).Text(Request.Url)
            .Text(Request.Time.ToString("O", CultureInfo.InvariantCulture));
        return wire.ToArray();
    }

    public static SocketFacts Read(ReadOnlySpan<byte> bytes)
    {
        var wire = new WireReader(bytes);
        var id = wire.Text();
        var rooms = wire.Texts();
        var auth = ParseOrNothing(wire.Span());
        var data = ReadData(wire.Span());
        var headers = Unflatten(wire.Texts());
        var query = Unflatten(wire.Texts());
        var request = new HandshakeRequest(headers, query, wire.Text(), wire.Flag(), wire.Flag(), wire.Text(), DateTimeOffset.Parse(wire.Text(), CultureInfo.InvariantCulture), new ClaimsPrincipal());
        return new SocketFacts(id, request, auth, rooms, data);
    }

    /// <summary>A socket's data as it travels. What an application keeps there for itself (a connection, a delegate) is no JSON, and stays behind.</summary>
    public static byte[] DataToBytes(IReadOnlyDictionary<string, object?> data, SocketJson json)
    {
        try
        {
            return JsonSerializer.SerializeToUtf8Bytes(data, json.Options);
        }
        catch (Exception) // whatever the application's types and converters throw
        {
            return JsonSerializer.SerializeToUtf8Bytes(data.Where(entry => IsJson(entry.Value, json)).ToDictionary(StringComparer.Ordinal), json.Options);
        }
    }

    private static bool IsJson(object? value, SocketJson json)
    {
        try
        {
            JsonSerializer.SerializeToUtf8Bytes(value, json.Options);
            return true;
        }
        catch (Exception)
        {
            return false;
        }
    }

    /// <summary>A socket's data as it has travelled: values are JSON elements.</summary>
    public static Dictionary<string, object?> ReadData(ReadOnlySpan<byte> json) =>
        ParseOrNothing(json).EnumerateObject().ToDictionary(static entry => entry.Name, static entry => (object?)entry.Value, StringComparer.Ordinal);

    private static JsonElement ParseOrNothing(ReadOnlySpan<byte> json) => json.IsEmpty ? Nothing : JsonElement.Parse(json);

    private static List<string> Flatten(IReadOnlyDictionary<string, string> map)
    {
        var flat = new List<string>(map.Count * 2);
        foreach (var (key, value) in map)
        {
            flat.Add(key);
            flat.Add(value);
        }
        return flat;
    }

    private static Dictionary<string, string> Unflatten(string[] flat)
    {
        var map = new Dictionary<string, string>(flat.Length / 2, StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i + 1 < flat.Length; i += 2)
            map[flat[i]] = flat[i + 1];
        return map;
    }
}
