using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorSocket.Contracts;

/// <summary>
/// Writes declarations for the generics of <c>socket.io-client</c>: <c>Socket&lt;ServerToClientEvents, ClientToServerEvents&gt;</c>.
/// </summary>
internal sealed class TypeScriptWriter(Contract contract)
{
    private static readonly HashSet<string> Reserved = new(StringComparer.Ordinal)
    {
        "arguments", "await", "break", "case", "catch", "class", "const", "continue", "debugger", "default", "delete", "do", "else", "enum",
        "eval", "export", "extends", "false", "finally", "for", "function", "if", "implements", "import", "in", "instanceof", "interface",
        "let", "new", "null", "package", "private", "protected", "public", "return", "static", "super", "switch", "this", "throw", "true",
        "try", "typeof", "var", "void", "while", "with", "yield",
    };

    private readonly StringBuilder _text = new();

    public string Write()
    {
        _text.Append("""
            // Written by ActorSocket from the server's contract: do not edit.

            /** What is acknowledged instead of an answer when the event has failed. */
            export interface Refusal {
              error: { message: string; code?: string; data?: unknown };
            }

            /** What an event is acknowledged with: ask for `error` first. */
            export type Answer<T> = (T extends object ? ("error" extends keyof T ? T : T & { error?: undefined }) : T) | Refusal;

            /** Its elements come by the events `stream:next` and `stream:end`, when they are asked for by `stream:pull`. */
            export interface Sequence<T> {
              stream: string | number;
              /** Never there: it says what the elements are. */
              readonly "~element"?: T;
            }

            /** Binary as it comes: an ArrayBuffer in a browser, a Buffer in Node.js. */
            export type BinaryFromServer = ArrayBuffer | Uint8Array<ArrayBuffer>;

            /** Binary as it may be sent. */
            export type BinaryToServer = ArrayBuffer | ArrayBufferView | Blob;


            """);
        foreach (var (name, schema) in contract.Schemas)
            Declare(name, schema);
        var used = contract.Schemas.Keys.ToHashSet(StringComparer.Ordinal);
        var namespaces = new List<(string Key, string Identifier)>();
        foreach (var ns in contract.Namespaces)
        {
            var title = ns switch
            {
                { IsTemplate: false } => $"the namespace `{ns.Name}`",
                { Name: { } pattern } => $"namespaces like `{pattern}`",
                _ => "namespaces that a function decides on",
            };
            var prefix = PrefixOf(ns, used);
            namespaces.Add((ns.Name ?? prefix, prefix));
            Declare($"{prefix}ServerToClientEvents", $"What clients of {title} get.", ns.Emitted, isAnswerSure: true);
            Declare($"{prefix}ClientToServerEvents", $"What clients of {title} send.", ns.Handled, isAnswerSure: false);
        }
        _text.Append("/** All namespaces, by their names. */\nexport interface Namespaces {\n");
        foreach (var (key, prefix) in namespaces)
        {
            _text.Append($"  {Text(key)}: {{ serverToClient: {prefix}ServerToClientEvents; ")
                .Append($"clientToServer: {prefix}ClientToServerEvents }};\n");
        }
        _text.Append("}\n");
        if (contract.Entities.Count > 0)
            DeclareEntities();
        return _text.ToString();
    }

    /// <summary>Nothing for <c>/</c>, which most clients want.</summary>
    private static string PrefixOf(ContractNamespace ns, HashSet<string> used)
    {
        var stem = ns switch { { IsTemplate: false, Name: "/" } => "", { IsTemplate: true } => "Dynamic", _ => Identifier.Of(ns.Name!) };
        var prefix = stem;
        for (var number = 2; used.Contains($"{prefix}ServerToClientEvents") || used.Contains($"{prefix}ClientToServerEvents"); number++)
            prefix = $"{stem}{number}";
        used.UnionWith([$"{prefix}ServerToClientEvents", $"{prefix}ClientToServerEvents"]);
        return prefix;
    }

    private void Declare(string name, JsonNode schema)
    {
        if (schema is JsonObject { Count: > 0 } members && members["properties"] is JsonObject && !members.ContainsKey("anyOf"))
            _text.Append($"export interface {name} {TypeOf(members)}\n\n");
        else
            _text.Append($"export type {name} = {TypeOf(schema)};\n\n");
    }

    private void Declare(string name, string title, IReadOnlyList<ContractEvent> events, bool isAnswerSure)
    {
        _text.Append($"/** {Comment(title)} */\nexport interface {name} {{\n");
        foreach (var one in events)
        {
            Summarize(one, "  ");
            _text.Append($"  {Key(one.Name)}: {Indented(SignatureOf(one, isAnswerSure))};\n");
        }
        _text.Append("}\n\n");
    }

    private static string SignatureOf(ContractEvent one, bool isAnswerSure)
    {
        if (one.Arguments is null)
            return "(...args: any[]) => void";
        var used = new HashSet<string>(StringComparer.Ordinal);
        var parameters = ParametersOf(one, used, isLast: one.Answer is null);
        if (one.Answer is { } answer)
        {
            var type = TypeOf(answer);
            parameters.Add($"{Identifier.Unused("ack", used)}: (answer: {(isAnswerSure ? type : $"Answer<{type}>")}) => void");
        }
        return $"({string.Join(", ", parameters)}) => void";
    }

    /// <summary>
    /// Only the last ones can be left out. Before the acknowledgement undefined is null on the wire: it may be where null may be.
    /// </summary>
    private static List<string> ParametersOf(ContractEvent one, HashSet<string> used, bool isLast)
    {
        var parameters = new List<string>();
        var canEnd = isLast;
        foreach (var argument in one.Arguments!.Reverse())
        {
            canEnd &= argument.IsOptional;
            var name = Identifier.Unused(Reserved.Contains(argument.Name) ? argument.Name + "_" : argument.Name, used);
            var type = TypeOf(argument.Schema);
            if (canEnd)
                name += "?";
            else if (argument.IsOptional && type.EndsWith(" | null", StringComparison.Ordinal))
                type += " | undefined";
            parameters.Insert(0, $"{name}: {type}");
        }
        return parameters;
    }

    private void DeclareEntities()
    {
        _text.Append("\n/** What entities are asked, by the names of their classes: `POST entities/{class}/{id}/{method}` of the HTTP API. "
                + "*/\n")
            .Append("export interface Entities {\n");
        foreach (var entities in contract.Entities)
        {
            _text.Append($"  {Key(entities.Type)}: {{\n");
            foreach (var method in entities.Methods)
            {
                Summarize(method, "    ");
                var parameters = method.Arguments is null
                    ? ["...args: any[]"]
                    : ParametersOf(method, new HashSet<string>(StringComparer.Ordinal), isLast: true);
                var result = method.Answer is { } answer ? TypeOf(answer) : "void";
                _text.Append($"    {Key(method.Name)}({string.Join(", ", parameters)}): {result};\n");
            }
            _text.Append("  };\n");
        }
        _text.Append("}\n");
    }

    private void Summarize(ContractEvent one, string indent)
    {
        if (one.Summary is { } summary)
            _text.Append($"{indent}/** {Comment(summary)} */\n");
    }

    private static string TypeOf(JsonNode? schema)
    {
        if (schema is not JsonObject members)
            return "unknown";
        if (ContractSchemas.SequenceItemOf(members) is { } item)
            return $"Sequence<{TypeOf(item)}>";
        if (members["$ref"] is JsonValue reference)
            return reference.GetValue<string>()[ContractSchemas.Reference.Length..];
        if (members["format"]?.GetValue<string>() == "binary" && members["title"] is JsonValue binary)
            return OrNull(binary.GetValue<string>(), members);
        if (members.TryGetPropertyValue("const", out var only))
            return Literal(only);
        if (members["enum"] is JsonArray values)
            return Union(values.Select(Literal));
        if ((members["anyOf"] ?? members["oneOf"]) is JsonArray kinds)
            return Union(kinds.Select(TypeOf));
        return members["type"] switch
        {
            JsonArray types => Union(types.Select(type => OfType(type!.GetValue<string>(), members))),
            JsonValue type => OfType(type.GetValue<string>(), members),
            _ => members.ContainsKey("properties") ? ObjectOf(members) : "unknown",
        };
    }

    private static string OfType(string type, JsonObject schema) => type switch
    {
        "string" or "boolean" or "null" => type,
        "integer" or "number" => "number",
        "array" => ArrayOf(TypeOf(schema["items"])),
        _ => ObjectOf(schema),
    };

    private static string ArrayOf(string item) => item.Contains(" | ", StringComparison.Ordinal) ? $"({item})[]" : $"{item}[]";

    private static string ObjectOf(JsonObject schema)
    {
        if (schema["properties"] is not JsonObject properties)
            return $"Record<string, {TypeOf(schema["additionalProperties"])}>";
        var required = (schema["required"] as JsonArray ?? [])
            .Select(static name => name!.GetValue<string>()).ToHashSet(StringComparer.Ordinal);
        var text = new StringBuilder("{\n");
        foreach (var (name, value) in properties)
        {
            text.Append($"  {Key(name)}{(required.Contains(name) ? "" : "?")}: {Indented(TypeOf(value))};\n");
        }
        return text.Append('}').ToString();
    }

    private static string Indented(string type) => type.Replace("\n", "\n  ", StringComparison.Ordinal);

    private static string OrNull(string type, JsonObject schema) => schema["type"] is JsonArray ? type + " | null" : type;

    private static string Union(IEnumerable<string> types) => string.Join(" | ", types.Distinct(StringComparer.Ordinal));

    private static string Literal(JsonNode? value) => value?.ToJsonString() ?? "null";

    private static string Key(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '$')
            ? name
            : Text(name);

    private static string Text(string value) => JsonSerializer.Serialize(value, ContractJson.Default.String);

    private static string Comment(string text) => text.Replace("*/", "* /", StringComparison.Ordinal).ReplaceLineEndings(" ");
}
