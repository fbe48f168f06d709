using System.Collections.Frozen;
using System.Runtime.InteropServices;
using System.Security.Claims;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using ActorSocket.Protocol.SocketIo;
using Akka.Actor;

namespace ActorSocket.Data;

/// <summary>A value as it travels: what it comes back as, and its bytes.</summary>
internal sealed record WrittenData(string Kind, byte[] Bytes);

/// <summary>
/// How the values of <see cref="Socket.Data"/> travel to another node. Simple values come back as what they were, of a fixed list of types;
/// so does a principal, as its claims. Everything else that System.Text.Json can write comes back as a <see cref="JsonElement"/>, to be
/// read as the type that the reader names: no type is looked up by a name. What stands for something of this process stays behind.
/// </summary>
internal static class DataFormat
{
    public const string Principal = "user";
    private const string Json = "", Null = "null";

    private static readonly (string Kind, Type Type)[] Simple =
    [
        ("s", typeof(string)),
        ("b", typeof(bool)),
        ("c", typeof(char)),
        ("u1", typeof(byte)),
        ("i1", typeof(sbyte)),
        ("i2", typeof(short)),
        ("u2", typeof(ushort)),
        ("i4", typeof(int)),
        ("u4", typeof(uint)),
        ("i8", typeof(long)),
        ("u8", typeof(ulong)),
        ("f4", typeof(float)),
        ("f8", typeof(double)),
        ("m", typeof(decimal)),
        ("g", typeof(Guid)),
        ("t", typeof(DateTime)),
        ("o", typeof(DateTimeOffset)),
        ("d", typeof(DateOnly)),
        ("h", typeof(TimeOnly)),
        ("n", typeof(TimeSpan)),
        ("x", typeof(byte[])),
        ("v", typeof(Uri)),
    ];

    private static readonly FrozenDictionary<Type, string> Kinds = Simple.ToFrozenDictionary(
        static entry => entry.Type,
        static entry => entry.Kind
    );
    private static readonly FrozenDictionary<string, Type> Types = Simple.ToFrozenDictionary(
        static entry => entry.Kind,
        static entry => entry.Type,
        StringComparer.Ordinal
    );

    /// <summary>Null when it cannot travel.</summary>
    public static WrittenData? Write(object? value, SocketJson json)
    {
        switch (value)
        {
            case null or JsonElement { ValueKind: JsonValueKind.Undefined }: return new WrittenData(Null, []);
            case JsonElement element: return new WrittenData(Json, JsonMarshal.GetRawUtf8Value(element).ToArray());
            case ClaimsPrincipal principal: return new WrittenData(Principal, ToBytes(principal));
        }
        try
        {
            if (Kinds.TryGetValue(value.GetType(), out var kind))
                return new WrittenData(kind, JsonSerializer.SerializeToUtf8Bytes(value, value.GetType(), DataTypes.Default));
            return StaysBehind(value, json) ? null : new WrittenData(Json, ToJson(value, json));
        }
        catch (Exception) // whatever the application's types and converters throw
        {
            return null;
        }
    }

    /// <exception cref="FormatException">It was not written so.</exception>
    public static object? Read(string kind, byte[] bytes)
    {
        try
        {
            return kind switch
            {
                Null => null,
                Principal => ReadPrincipal(bytes),
                _ when Types.TryGetValue(kind, out var type) => JsonSerializer.Deserialize(bytes, type, DataTypes.Default),
                // not from a pool: nothing to dispose
                _ => JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 1000 }).RootElement,
            };
        }
        catch (Exception error) when (error is not FormatException)
        {
            throw new FormatException("A value of Socket.Data that another node sent cannot be read.", error);
        }
    }

    /// <summary>Reads what is no <typeparamref name="T"/> as one, by way of JSON.</summary>
    public static T? Convert<T>(object value, SocketJson json)
    {
        if (value is JsonElement element)
            return json.Deserialize<T>(JsonMarshal.GetRawUtf8Value(element), SocketJson.BinaryIsText);
        if (value is ClaimsPrincipal)
            throw new JsonException("it is a principal.");
        return json.Deserialize<T>(ToJson(value, json), SocketJson.BinaryIsText);
    }

    public static byte[] ToBytes(ClaimsPrincipal principal)
    {
        using var output = new MemoryStream();
        using (var writer = new BinaryWriter(output))
            principal.WriteTo(writer);
        return output.ToArray();
    }

    public static ClaimsPrincipal? ReadPrincipal(byte[] bytes)
    {
        if (bytes.Length == 0)
            return null;
        using var reader = new BinaryReader(new MemoryStream(bytes));
        return new ClaimsPrincipal(reader);
    }

    private static byte[] ToJson(object value, SocketJson json)
    {
        var outer = SocketJson.CollectInto(null); // an event may just be written on this thread: its attachments are not ours
        try
        {
            return JsonSerializer.SerializeToUtf8Bytes(value, value.GetType(), json.Options);
        }
        finally
        {
            SocketJson.CollectInto(outer);
        }
    }

    /// <summary>
    /// What would be written without what makes it what it is: it stands for something of this process, or shows no property.
    /// </summary>
    private static bool StaysBehind(object value, SocketJson json)
    {
        if (value is Delegate or Task or IActorRef or Type)
            return true;
        var type = json.Options.GetTypeInfo(value.GetType());
        return type.Kind is JsonTypeInfoKind.Object && (value is IDisposable or IAsyncDisposable || type.Properties.Count == 0);
    }
}

/// <summary>The simple types that come back as what they are, written alike whatever the application's options are.</summary>
[JsonSourceGenerationOptions(NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(bool))]
[JsonSerializable(typeof(char))]
[JsonSerializable(typeof(byte))]
[JsonSerializable(typeof(sbyte))]
[JsonSerializable(typeof(short))]
[JsonSerializable(typeof(ushort))]
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(uint))]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(ulong))]
[JsonSerializable(typeof(float))]
[JsonSerializable(typeof(double))]
[JsonSerializable(typeof(decimal))]
[JsonSerializable(typeof(Guid))]
[JsonSerializable(typeof(DateTime))]
[JsonSerializable(typeof(DateTimeOffset))]
[JsonSerializable(typeof(DateOnly))]
[JsonSerializable(typeof(TimeOnly))]
[JsonSerializable(typeof(TimeSpan))]
[JsonSerializable(typeof(byte[]))]
[JsonSerializable(typeof(Uri))]
internal sealed partial class DataTypes : JsonSerializerContext;
