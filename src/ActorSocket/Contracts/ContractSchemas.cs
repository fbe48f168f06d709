using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace ActorSocket.Contracts;

/// <summary>
/// The JSON schemas of types, as the server's serializer reads and writes them. Objects and enumerations have names and are referred to;
/// one that is not the same in both directions has a name for each.
/// </summary>
internal sealed class ContractSchemas
{
    public const string Reference = "#/components/schemas/";
    public const string BinaryFromServer = nameof(BinaryFromServer);
    public const string BinaryToServer = nameof(BinaryToServer);
    private const string SequenceItem = "x-items";

    private readonly JsonSerializerOptions _options;
    private readonly List<Type> _types = []; // in the order in which they are met; references name them by number until all are known
    private readonly Dictionary<(Type, bool IsInput), JsonNode> _defined = [];
    private readonly List<JsonNode> _given = [];
    private readonly Stack<Type> _inside = [];
    private readonly Queue<(Type Type, bool IsInput)> _due = []; // those that are named, and not described yet

    public ContractSchemas(JsonSerializerOptions options)
    {
        _options = new JsonSerializerOptions(options)
        {
            // That a number may come as a text, too, is a courtesy to some clients, and not what is agreed.
            NumberHandling = options.NumberHandling & ~JsonNumberHandling.AllowReadingFromString,
        };
        _options.MakeReadOnly();
    }

    /// <summary>What is being described: where it fails, this is what cannot be.</summary>
    public Type? Current { get; private set; }

    /// <param name="type">Of the argument, or of the answer.</param>
    /// <param name="isNullable">Whether it may be null.</param>
    /// <param name="isInput">Whether the client writes it.</param>
    public JsonNode Of(Type type, bool isNullable, bool isInput)
    {
        var schema = OrNull(Export(Current = type, isInput, isDefinition: false), isNullable);
        while (_due.TryDequeue(out var next))
            _defined[next] = Describe(Current = next.Type, next.IsInput);
        _given.Add(schema);
        return schema;
    }

    /// <summary>A sequence is told by its id, and comes by events of its own.</summary>
    public static JsonNode Sequence(JsonNode item) => new JsonObject
    {
        ["type"] = "object",
        ["description"] = "A sequence: its elements come by the events stream:next and stream:end.",
        ["properties"] = new JsonObject { ["stream"] = Id() },
        ["required"] = new JsonArray("stream"),
        [SequenceItem] = item.Parent is null ? item : item.DeepClone(),
    };

    public static bool IsSequence(JsonNode schema) => SequenceItemOf(schema) is not null;

    public static JsonNode? SequenceItemOf(JsonNode schema) => (schema as JsonObject)?[SequenceItem];

    /// <summary>What the reader of a sequence sends.</summary>
    public static ContractEvent[] SequenceReader() =>
    [
        new("stream:pull", "So many more elements can be taken.", [new("id", Id(), false), new("count", Count(), false)], null),
        new("stream:cancel", "Reads no more.", [new("id", Id(), false)], null),
    ];

    /// <summary>What its writer sends.</summary>
    public static ContractEvent[] SequenceWriter() =>
    [
        new("stream:next", "The next element.", [new("id", Id(), false), new("element", JsonValue.Create(true), false)], null),
        new("stream:end", "There are no more.", [new("id", Id(), false)], null),
        new("stream:error", "It failed.", [new("id", Id(), false), new("error", JsonValue.Create(true), false)], null),
    ];

    /// <summary>What the event of a new token is acknowledged with.</summary>
    public JsonNode SignIn() => new JsonObject
    {
        ["type"] = "object",
        ["properties"] = new JsonObject { ["expires"] = Of(typeof(DateTimeOffset), isNullable: true, isInput: false) },
        ["required"] = new JsonArray("expires"),
    };

    /// <summary>Gives names, now that all types are known: references that were given out lead there from now on.</summary>
    public SortedDictionary<string, JsonNode> Complete()
    {
        var differing = TypesThatDiffer();
        var names = new ContractNames(_types);
        var schemas = new SortedDictionary<string, JsonNode>(StringComparer.Ordinal);
        foreach (var ((type, isInput), schema) in _defined)
            schemas.TryAdd(NameOf(type, isInput), schema);
        foreach (var schema in schemas.Values.Concat(_given))
            Rewrite(schema);
        return schemas;

        string NameOf(Type type, bool isInput) => names.Of(type, isInput && differing.Contains(type));

        void Rewrite(JsonNode? node)
        {
            if (node is JsonArray list)
            {
                foreach (var item in list)
                    Rewrite(item);
            }
            else if (node is JsonObject members)
            {
                if (members["$ref"] is JsonValue target && Parse(target.GetValue<string>()) is var (type, isInput))
                    members["$ref"] = Reference + NameOf(type, isInput);
                foreach (var (_, value) in members)
                    Rewrite(value);
            }
        }
    }

    /// <summary>Those of both directions which are not the same, or refer to such.</summary>
    private HashSet<Type> TypesThatDiffer()
    {
        var both = _types.Where(type => _defined.ContainsKey((type, true)) && _defined.ContainsKey((type, false))).ToArray();
        var differing = both.Where(type => TextOf(type, true) != TextOf(type, false)).ToHashSet();
        while (both.Where(type => !differing.Contains(type) && RefersToOne(_defined[(type, true)])).ToArray() is { Length: > 0 } more)
            differing.UnionWith(more);
        return differing;

        string TextOf(Type type, bool isInput) => // with one kind of references
            _defined[(type, isInput)].ToJsonString().Replace(isInput ? "!in" : "!out", "", StringComparison.Ordinal);

        bool RefersToOne(JsonNode? node) => node switch
        {
            JsonArray list => list.Any(RefersToOne),
            JsonObject members => (members["$ref"] is JsonValue target && differing.Contains(Parse(target.GetValue<string>()).Type))
                || members.Any(member => RefersToOne(member.Value)),
            _ => false,
        };
    }

    /// <summary>What stands under the type's own name.</summary>
    private JsonNode Describe(Type type, bool isInput)
    {
        if (InfoOf(type).PolymorphismOptions is not { DerivedTypes.Count: > 0 } union)
            return Export(type, isInput, isDefinition: true);
        var kinds = union.DerivedTypes.ToList();
        if (!type.IsAbstract && !kinds.Exists(kind => kind.DerivedType == type))
            kinds.Add(new JsonDerivedType(type)); // it may be itself, without a word of which it is
        return new JsonObject
        {
            ["anyOf"] = new JsonArray([.. kinds.Select(kind => DescribeKind(kind, union.TypeDiscriminatorPropertyName, isInput))]),
        };
    }

    /// <summary>What stands in a union for one of its kinds has something to tell it by, which it has nowhere else.</summary>
    private JsonNode DescribeKind(JsonDerivedType kind, string property, bool isInput)
    {
        var schema = Export(Current = kind.DerivedType, isInput, isDefinition: true);
        if (kind.TypeDiscriminator is not { } tag || schema is not JsonObject members)
            return schema;
        var properties = new JsonObject
        {
            [property] = new JsonObject { ["const"] = tag is int number ? JsonValue.Create(number) : JsonValue.Create((string)tag) },
        };
        foreach (var (name, value) in members["properties"] as JsonObject ?? [])
            properties[name] = value?.DeepClone();
        members["properties"] = properties;
        members["required"] = new JsonArray(
            [property, .. (members["required"] as JsonArray ?? []).Select(static name => name!.DeepClone())]);
        return members;
    }

    /// <summary>
    /// Of what has a name, but for the type itself when it is described, nothing is written here: the exporter would write all of it,
    /// wherever it stands, and of types that know each other every way from one to the next.
    /// </summary>
    private JsonNode Export(Type type, bool isInput, bool isDefinition)
    {
        bool IsElsewhere(Type one) => !(isDefinition && one == type) && IsNamed(one);
        var options = new JsonSerializerOptions(_options);
        options.Converters.Insert(0, new NamedTypes(IsElsewhere));
        options.TypeInfoResolver = options.TypeInfoResolver?.WithAddedModifier(static info => info.PolymorphismOptions = null);
        _inside.Push(type);
        try
        {
            return options.GetJsonSchemaAsNode(type, new JsonSchemaExporterOptions
            {
                TreatNullObliviousAsNonNullable = true,
                TransformSchemaNode = (context, schema) => Transform(context, schema, isInput, isDefinition && context.Path.IsEmpty),
            });
        }
        finally
        {
            _inside.Pop();
        }
    }

    /// <param name="context">Where the exporter is.</param>
    /// <param name="schema">What it has made.</param>
    /// <param name="isInput">Whether the client writes it.</param>
    /// <param name="isDefinition">Whether it is what stands under the type's own name.</param>
    private JsonNode Transform(JsonSchemaExporterContext context, JsonNode schema, bool isInput, bool isDefinition)
    {
        var type = Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type;
        var isNullable = type != context.TypeInfo.Type || AllowsNull(schema) || MayBeNull(context.PropertyInfo, isInput);
        if (IsBinary(type))
            return OrNull(Binary(isInput), isNullable);
        if (!isDefinition && context.PropertyInfo?.CustomConverter is null && IsNamed(type))
            return OrNull(ReferTo(type, isInput), isNullable);
        if (schema is not JsonObject members)
            return schema; // whatever a converter of the application's makes of it
        if (context.TypeInfo.ElementType is { } element)
            ReferToElements(members, context.TypeInfo.Kind, element, isInput);
        if (type.IsEnum && members["enum"] is null && !type.IsDefined(typeof(FlagsAttribute), inherit: false))
            members["enum"] = new JsonArray([.. ValuesOf(type)]);
        if (context.TypeInfo.Kind == JsonTypeInfoKind.Object)
            Require(members, context.TypeInfo, isInput);
        if (isDefinition || !members.ContainsKey("$ref"))
            return schema;
        // The exporter refers to where it has written the same before. A list that is its own element gets a name.
        if (!_inside.Contains(type))
            return OrNull(Export(type, isInput, isDefinition: false), isNullable);
        return OrNull(ReferTo(type, isInput), isNullable);
    }

    /// <summary>The exporter leaves out what it knows nothing of, and with it those elements that are described elsewhere.</summary>
    private void ReferToElements(JsonObject schema, JsonTypeInfoKind kind, Type element, bool isInput)
    {
        var keyword = kind switch
        {
            JsonTypeInfoKind.Enumerable => "items",
            JsonTypeInfoKind.Dictionary => "additionalProperties",
            _ => null,
        };
        var type = Nullable.GetUnderlyingType(element) ?? element;
        if (keyword is not null && !schema.ContainsKey("$ref") && IsNamed(type))
            schema[keyword] = OrNull(ReferTo(type, isInput), type != element);
    }

    /// <summary>What stands for a type where it is used: it is described once, under its name.</summary>
    private JsonObject ReferTo(Type type, bool isInput)
    {
        if (!_types.Contains(type))
            _types.Add(type);
        if (_defined.TryAdd((type, isInput), JsonValue.Create(true)))
            _due.Enqueue((type, isInput));
        return new JsonObject { ["$ref"] = $"!{_types.IndexOf(type)}!{(isInput ? "in" : "out")}" };
    }

    private (Type Type, bool IsInput) Parse(string reference)
    {
        var parts = reference.Split('!'); // "!7!in"
        return (_types[int.Parse(parts[1], CultureInfo.InvariantCulture)], parts[2] == "in");
    }

    /// <summary>What the server writes is all there, but what it is told to leave out; of what it reads the serializer says it.</summary>
    private void Require(JsonObject schema, JsonTypeInfo info, bool isInput)
    {
        if (schema["properties"] is not JsonObject properties)
            return;
        var demanded = isInput ? schema["required"] as JsonArray : null;
        var required = (demanded ?? []).Select(static name => name!.GetValue<string>()).ToHashSet(StringComparer.Ordinal);
        if (!isInput)
        {
            var written = info.Properties.Where(IsAlwaysWritten);
            required.UnionWith(written.Select(static one => one.Name));
        }
        schema.Remove("required");
        if (properties.Where(one => required.Contains(one.Key)).Select(static one => (JsonNode)one.Key).ToArray() is { Length: > 0 } names)
            schema["required"] = new JsonArray(names);
    }

    private bool IsAlwaysWritten(JsonPropertyInfo property)
    {
        if (property.Get is null || property.ShouldSerialize is not null)
            return false;
        var own = property.AttributeProvider?.GetCustomAttributes(typeof(JsonIgnoreAttribute), inherit: true);
        return (own is [JsonIgnoreAttribute { Condition: var condition }] ? condition : _options.DefaultIgnoreCondition) switch
        {
            JsonIgnoreCondition.Never => true,
            JsonIgnoreCondition.WhenWritingNull =>
                property.PropertyType.IsValueType && Nullable.GetUnderlyingType(property.PropertyType) is null,
            _ => false,
        };
    }

    private bool IsNamed(Type type)
    {
        if (type.IsEnum)
            return true;
        if (IsBinary(type) || Nullable.GetUnderlyingType(type) is not null)
            return false;
        var info = InfoOf(type);
        return info.PolymorphismOptions is not null
            || (info.Kind == JsonTypeInfoKind.Object
                && type != typeof(object)
                && !type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false)); // anonymous
    }

    private JsonTypeInfo InfoOf(Type type)
    {
        var around = Current;
        Current = type;
        var info = _options.GetTypeInfo(type); // throws where the type is not as the serializer wants it
        Current = around;
        return info;
    }

    private static bool IsBinary(Type type) =>
        type == typeof(byte[]) || type == typeof(ReadOnlyMemory<byte>) || type == typeof(Memory<byte>) || type == typeof(ArraySegment<byte>)
        || type == typeof(Stream) || type == typeof(MemoryStream);

    private static JsonObject Binary(bool isInput) => new()
    {
        ["title"] = isInput ? BinaryToServer : BinaryFromServer,
        ["description"] = "Binary, which travels beside the JSON as an attachment.",
        ["type"] = "string",
        ["format"] = "binary",
    };

    private static JsonObject Id() => new() { ["type"] = new JsonArray("string", "integer") };

    private static JsonObject Count() => new() { ["type"] = "integer" };

    private static IEnumerable<JsonNode> ValuesOf(Type numbers) =>
        Enum.GetValuesAsUnderlyingType(numbers)
            .Cast<IConvertible>()
            .Distinct()
            .Select(static one => (JsonNode)JsonValue.Create(one.ToDecimal(CultureInfo.InvariantCulture)));

    private static bool MayBeNull(JsonPropertyInfo? property, bool isInput) =>
        property is not null
        && (!property.PropertyType.IsValueType || Nullable.GetUnderlyingType(property.PropertyType) is not null)
        && (isInput ? property.IsSetNullable || property.AssociatedParameter?.IsNullable == true : property.IsGetNullable);

    private static bool AllowsNull(JsonNode schema) =>
        schema is JsonObject members
        && ((members["type"] is JsonArray types && types.Any(static one => one!.GetValue<string>() == "null"))
            || (members["enum"] is JsonArray values && values.Contains(null)));

    private static JsonNode OrNull(JsonNode schema, bool isNullable)
    {
        if (!isNullable || schema is not JsonObject members || AllowsNull(schema))
            return schema; // what may be anything may be null
        if (members["type"] is JsonValue one && !members.ContainsKey("enum"))
        {
            members["type"] = new JsonArray(one.GetValue<string>(), "null");
            return members;
        }
        return new JsonObject { ["anyOf"] = new JsonArray(members, new JsonObject { ["type"] = "null" }) };
    }

    /// <summary>Stands for what is described elsewhere: nothing is ever written or read by it.</summary>
    private sealed class NamedTypes(Func<Type, bool> isElsewhere) : JsonConverter<object>
    {
        public override bool CanConvert(Type typeToConvert) => isElsewhere(typeToConvert);

        public override object Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, object value, JsonSerializerOptions options) => throw new NotSupportedException();
    }
}
