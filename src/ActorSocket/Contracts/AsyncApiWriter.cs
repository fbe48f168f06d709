using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace ActorSocket.Contracts;

/// <summary>
/// Writes an AsyncAPI 3.0 document: a channel for each namespace, whose messages are the events, and an operation for each of them, with
/// the acknowledgement as its reply. A message's payload is the list of the event's arguments.
/// </summary>
internal sealed class AsyncApiWriter(Contract contract)
{
    private const string Refusal = nameof(Refusal);

    private readonly JsonObject _channels = [];
    private readonly JsonObject _operations = [];
    private readonly HashSet<string> _channelKeys = new(StringComparer.Ordinal);
    private readonly HashSet<string> _operationKeys = new(StringComparer.Ordinal);

    public string Write()
    {
        foreach (var ns in contract.Namespaces)
            AddNamespace(ns);
        foreach (var entities in contract.Entities)
            AddEntities(entities);
        var (title, version) = Application();
        var schemas = new JsonObject();
        foreach (var (name, schema) in contract.Schemas)
            schemas[name] = schema.DeepClone();
        var document = new JsonObject
        {
            ["asyncapi"] = "3.0.0",
            ["info"] = new JsonObject
            {
                ["title"] = title,
                ["version"] = version,
                ["description"] =
                    "Events of Socket.IO: a channel is a namespace, a payload is the list of an event's arguments, a reply is "
                    + "its acknowledgement.",
            },
            ["defaultContentType"] = "application/json",
            ["channels"] = _channels,
            ["operations"] = _operations,
            ["components"] = new JsonObject
            {
                ["schemas"] = schemas,
                ["messages"] = new JsonObject
                {
                    [Refusal] = Message(
                        Refusal, "What is acknowledged when an event has failed.", Arguments([new("answer", RefusalSchema(), false)])),
                },
            },
        };
        return document.ToJsonString(ContractJson.Default.Options);
    }

    private void AddNamespace(ContractNamespace ns)
    {
        var key = Identifier.Unused(
            ns switch { { IsTemplate: true } => "Dynamic", { Name: "/" } => "Root", _ => Identifier.Of(ns.Name!) }, _channelKeys);
        var messages = new JsonObject();
        foreach (var one in ns.Handled)
            AddOperation(key, messages, one, "receive", mayFail: true);
        foreach (var one in ns.Emitted)
            AddOperation(key, messages, one, "send", mayFail: false);
        _channels[key] = new JsonObject
        {
            ["address"] = ns.IsTemplate ? null : ns.Name,
            ["title"] = ns switch
            {
                { IsTemplate: false } => $"The namespace {ns.Name}",
                { Name: { } pattern } => $"Namespaces like {pattern}",
                _ => "Namespaces that a function decides on",
            },
            ["messages"] = messages,
        };
    }

    private void AddEntities(ContractEntities entities)
    {
        var key = Identifier.Unused("Entities" + Identifier.Of(entities.Type), _channelKeys);
        var messages = new JsonObject();
        foreach (var method in entities.Methods)
            AddOperation(key, messages, method, "receive", mayFail: false);
        _channels[key] = new JsonObject
        {
            ["address"] = $"entities/{entities.Type}/{{id}}",
            ["title"] = $"The entities \"{entities.Type}\", by the HTTP API",
            ["parameters"] = new JsonObject { ["id"] = new JsonObject { ["description"] = "Which entity." } },
            ["messages"] = messages,
        };
    }

    private void AddOperation(string channel, JsonObject messages, ContractEvent one, string action, bool mayFail)
    {
        var used = messages.Select(static message => message.Key).Append(Refusal).ToHashSet(StringComparer.Ordinal);
        var key = Identifier.Unused(Identifier.Of(one.Name), used);
        messages[key] = Message(one.Name, one.Summary, Arguments(one.Arguments));
        var operation = new JsonObject
        {
            ["action"] = action,
            ["channel"] = ReferenceTo($"#/channels/{channel}"),
            ["messages"] = new JsonArray(ReferenceTo($"#/channels/{channel}/messages/{key}")),
        };
        if (one.Summary is { } summary)
            operation["summary"] = summary;
        if (one.Answer is { } answer)
        {
            var answerKey = Identifier.Unused(key + "Answer", used);
            messages[answerKey] = Message($"{one.Name} (acknowledgement)", null, Arguments([new("answer", answer, false)]));
            var replies = new JsonArray(ReferenceTo($"#/channels/{channel}/messages/{answerKey}"));
            if (mayFail)
            {
                messages[Refusal] ??= ReferenceTo($"#/components/messages/{Refusal}");
                replies.Add(ReferenceTo($"#/channels/{channel}/messages/{Refusal}"));
            }
            operation["reply"] = new JsonObject { ["channel"] = ReferenceTo($"#/channels/{channel}"), ["messages"] = replies };
        }
        _operations[Identifier.Unused(action + channel + key, _operationKeys)] = operation;
    }

    private static JsonObject Message(string name, string? summary, JsonNode payload)
    {
        var message = new JsonObject { ["name"] = name, ["payload"] = payload };
        if (summary is not null)
            message["summary"] = summary;
        return message;
    }

    private static JsonObject Arguments(IReadOnlyList<ContractArgument>? arguments)
    {
        var schema = new JsonObject { ["type"] = "array" };
        if (arguments is null)
            return schema;
        schema["maxItems"] = arguments.Count;
        schema["minItems"] = arguments.Reverse().SkipWhile(static one => one.IsOptional).Count();
        if (arguments.Count > 0)
            schema["items"] = new JsonArray([.. arguments.Select(Item)]);
        return schema;

        static JsonNode Item(ContractArgument argument)
        {
            var item = argument.Schema.DeepClone();
            // Beside a reference nothing counts.
            return item is JsonObject members && !members.ContainsKey("$ref") && members.TryAdd("title", argument.Name) ? members
                : item is JsonObject ? item
                : new JsonObject { ["title"] = argument.Name };
        }
    }

    private static JsonObject RefusalSchema() => new()
    {
        ["type"] = "object",
        ["required"] = new JsonArray("error"),
        ["properties"] = new JsonObject
        {
            ["error"] = new JsonObject
            {
                ["type"] = "object",
                ["required"] = new JsonArray("message"),
                ["properties"] = new JsonObject
                {
                    ["message"] = new JsonObject { ["type"] = "string" },
                    ["code"] = new JsonObject { ["type"] = "string" },
                    ["data"] = true,
                },
            },
        },
    };

    private static JsonObject ReferenceTo(string target) => new() { ["$ref"] = target };

    /// <summary>The program's name, and its version without the commit.</summary>
    private static (string Title, string Version) Application()
    {
        var program = Assembly.GetEntryAssembly();
        var version = program?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0];
        return (program?.GetName().Name ?? "Socket.IO", version ?? "0.0.0");
    }
}

/// <summary>How the documents are written, also by a trimmed application.</summary>
[JsonSourceGenerationOptions(WriteIndented = true)]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(JsonObject))]
internal sealed partial class ContractJson : JsonSerializerContext;
