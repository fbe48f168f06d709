using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using ActorSocket.Sockets;

namespace ActorSocket.AdminUi;

/// <summary>
/// Sockets as the Admin UI reads them. Written by hand, so that it is the same whatever JSON options the application has.
/// </summary>
internal static class AdminJson
{
    /// <summary>How many sockets of a node an administrator gets to begin with; the numbers are always those of all.</summary>
    public const int MaxSockets = 10_000;

    private const int MaxDataBytes = 16 * 1024;
    private const string Hidden = "(hidden)";

    // What signs a user in is not for administrators to have.
    private static readonly string[] SecretHeaders = ["cookie", "authorization", "proxy-authorization"];
    private const string SecretOfQuery = "access_token";

    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The arguments of an event, each written in turn.</summary>
    public static SocketArguments Arguments<T>(
        ServerServices server, T what, Action<Utf8JsonWriter, T> write, byte[][]? attachments = null)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, WriterOptions))
        {
            json.WriteStartArray();
            write(json, what);
            json.WriteEndArray();
        }
        return server.Json.FromJsonArray(buffer.WrittenSpan, attachments);
    }

    /// <summary>The sockets of this node, as a JSON array.</summary>
    public static ArrayBufferWriter<byte> SocketsOf(ServerServices server)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using var json = new Utf8JsonWriter(buffer, WriterOptions);
        json.WriteStartArray();
        WriteSocketsOf(json, server);
        json.WriteEndArray();
        json.Flush();
        return buffer;
    }

    public static void WriteSocketsOf(Utf8JsonWriter json, ServerServices server)
    {
        foreach (
            var socket in server.Namespaces.All
                .SelectMany(static ns => ns.All.Snapshot)
                .Where(static socket => socket.HasNotEnded)
                .Take(MaxSockets)
                // An administrator who is sent more than one may have waiting would be disconnected, again and again.
                .TakeWhile(_ => json.BytesCommitted + json.BytesPending < server.Options.MaxOutboundBytes / 2)
        )
            WriteSocket(json, socket);
    }

    public static void WriteSocket(Utf8JsonWriter json, Socket socket)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, socket.Id);
        json.WriteString("clientId"u8, ClientIdOf(socket));
        json.WriteString("transport"u8, socket.Transport);
        json.WriteString("nsp"u8, socket.Namespace.Name);
        json.WritePropertyName("data"u8);
        WriteDataOf(json, socket);
        json.WritePropertyName("handshake"u8);
        Write(json, socket.Handshake);
        json.WriteStartArray("rooms"u8);
        foreach (var room in socket.CurrentRooms)
            json.WriteStringValue(room);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>What cannot be written is named by its type, and what is long by its length.</summary>
    public static void WriteDataOf(Utf8JsonWriter json, Socket socket)
    {
        var options = socket.Namespace.Services.Server.Json.Options;
        json.WriteStartObject();
        foreach (var (key, value) in socket.BagIfAny?.ToArray() ?? [])
        {
            json.WritePropertyName(key);
            byte[] written;
            try
            {
                written = JsonSerializer.SerializeToUtf8Bytes(value, value?.GetType() ?? typeof(object), options);
            }
            catch (Exception) // the application's types and converters
            {
                json.WriteStringValue($"({value!.GetType()})");
                continue;
            }
            if (written.Length > MaxDataBytes)
                json.WriteStringValue($"({written.Length.ToString(CultureInfo.InvariantCulture)} bytes, not shown)");
            else
                json.WriteRawValue(written);
        }
        json.WriteEndObject();
    }

    /// <summary>As JavaScript writes a <c>Date</c>.</summary>
    public static string TextOf(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    /// <summary>
    /// What tells connections apart. Not their id, which the official server shows the beginning of: it is a secret of the client.
    /// </summary>
    private static string ClientIdOf(Socket socket) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(socket.ConnectionId)).AsSpan(0, 6));

    private static void Write(Utf8JsonWriter json, Handshake handshake)
    {
        json.WriteStartObject();
        json.WriteString("address"u8, handshake.Address);
        json.WriteStartObject("headers"u8);
        foreach (var (name, value) in handshake.Headers)
            json.WriteString(name, SecretHeaders.Contains(name, StringComparer.OrdinalIgnoreCase) ? Hidden : value);
        json.WriteEndObject();
        json.WriteStartObject("query"u8);
        foreach (var (name, value) in handshake.Query)
            json.WriteString(name, name == SecretOfQuery ? Hidden : value);
        json.WriteEndObject();
        json.WriteNumber("issued"u8, handshake.Issued);
        json.WriteBoolean("secure"u8, handshake.Secure);
        json.WriteString("time"u8, TextOf(handshake.Time));
        json.WriteString("url"u8, handshake.Query.ContainsKey(SecretOfQuery) ? handshake.Url.Split('?')[0] : handshake.Url);
        json.WriteBoolean("xdomain"u8, handshake.CrossDomain);
        json.WriteEndObject();
    }
}
