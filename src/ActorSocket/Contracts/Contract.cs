using System.Text.Json.Nodes;

namespace ActorSocket.Contracts;

/// <summary>What both documents are written from.</summary>
/// <param name="Namespaces">Those of which something is known, and <c>/</c>.</param>
/// <param name="Entities">Those that are called by an interface.</param>
/// <param name="Schemas">The types that have a name, as JSON schemas, by that.</param>
internal sealed record Contract(
    IReadOnlyList<ContractNamespace> Namespaces,
    IReadOnlyList<ContractEntities> Entities,
    IReadOnlyDictionary<string, JsonNode> Schemas
);

/// <param name="Name">With its slash; of a template its pattern, or null where only a function decides.</param>
/// <param name="IsTemplate">Whether it stands for those that clients name.</param>
/// <param name="Handled">What clients send.</param>
/// <param name="Emitted">What clients get.</param>
internal sealed record ContractNamespace(
    string? Name, bool IsTemplate, IReadOnlyList<ContractEvent> Handled, IReadOnlyList<ContractEvent> Emitted);

/// <param name="Type">The name of the class.</param>
/// <param name="Methods">What they are asked.</param>
internal sealed record ContractEntities(string Type, IReadOnlyList<ContractEvent> Methods);

/// <param name="Name">The event's name, or the method's.</param>
/// <param name="Summary">What it is for; null where nobody says.</param>
/// <param name="Arguments">Its arguments; null: any.</param>
/// <param name="Answer">The schema of what it is acknowledged with; null where it is not.</param>
internal sealed record ContractEvent(string Name, string? Summary, IReadOnlyList<ContractArgument>? Arguments, JsonNode? Answer);

internal sealed record ContractArgument(string Name, JsonNode Schema, bool IsOptional);
