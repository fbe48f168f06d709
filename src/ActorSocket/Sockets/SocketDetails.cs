using System.Globalization;
using System.Security.Claims;
using System.Text.Json;
using ActorSocket.Data;
using ActorSocket.Protocol.Records;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sessions;

namespace ActorSocket.Sockets;

/// <summary>
/// What one node tells another of a socket: the members of a <see cref="RemoteSocket"/>. The user of a request does not travel.
/// </summary>
internal sealed record SocketDetails(
    string Id,
    HandshakeRequest Request,
    JsonElement Auth,
    IReadOnlyCollection<string> Rooms,
    SocketData Data
)
{
    private static readonly JsonElement Nothing = JsonElement.Parse("{}"u8);

    public static SocketDetails Of(Socket socket) =>
        new(socket.Id, socket.Handshake.Request, socket.Handshake.Auth, socket.Rooms, socket.BagIfAny?.Copy() ?? new SocketData());

    public byte[] ToBytes(SocketJson json)
    {
        var wire = new WireWriter(512);
        wire.Text(Id)
            .Texts(Rooms)
            .Text(Auth.GetRawText())
            .Bytes(Data.ToBytes(json))
            .Texts(Flatten(Request.Headers))
            .Texts(Flatten(Request.Query))
            .Text(Request.Address)
            .Flag(Request.Secure)
            .Flag(Request.CrossDomain)
            .Text(Request.Url)
            .Text(Request.Time.ToString("O", CultureInfo.InvariantCulture));
        return wire.ToArray();
    }

    public static SocketDetails Read(ReadOnlySpan<byte> bytes)
    {
        var wire = new WireReader(bytes);
        var id = wire.Text();
        var rooms = wire.Texts();
        var auth = ParseOrNothing(wire.Span());
        var data = SocketData.Read(wire.Span());
        var headers = Unflatten(wire.Texts());
        var query = Unflatten(wire.Texts());
        var request = new HandshakeRequest(
            headers,
            query,
            wire.Text(),
            wire.Flag(),
            wire.Flag(),
            wire.Text(),
            DateTimeOffset.Parse(wire.Text(), CultureInfo.InvariantCulture),
            new ClaimsPrincipal()
        );
        return new SocketDetails(id, request, auth, rooms, data);
    }

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
