using System.ComponentModel;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using ActorSocket.Entities;
using ActorSocket.Sockets;

namespace ActorSocket.Contracts;

/// <summary>Reads by reflection what hubs and interfaces say. Nothing of it is kept by who handles events.</summary>
internal sealed class ContractReader(ServerServices server)
{
    private readonly ContractSchemas _schemas = new(server.Json.Options);
    private readonly NullabilityInfoContext _nullability = new();

    public Contract Read()
    {
        var known = server.Namespaces.All
            .Where(static ns => ns.Parent is null && (ns.Name == "/" || IsDescribed(ns)))
            .OrderBy(static ns => ns.Name, StringComparer.Ordinal)
            .Select(ns => Read(ns, ns.Name, isTemplate: false))
            .ToList();
        foreach (var dynamic in server.Namespaces.Dynamic)
        {
            if (IsDescribed(dynamic.Parent))
                known.Add(Read(dynamic.Parent, dynamic.Pattern?.ToString(), isTemplate: true));
        }
        // By what else would a client reach them?
        var entities = server.Entities.Callers
            .Where(caller => server.IsApiMapped && caller.Contract is not null)
            .OrderBy(static caller => caller.Type, StringComparer.Ordinal)
            .Select(caller => new ContractEntities(caller.Type, [.. MethodsOf(caller.Contract!).Select(OfCall)]))
            .ToList();
        return new Contract(known, entities, _schemas.Complete());
    }

    private static bool IsDescribed(NamespaceServices ns) =>
        ns.Handled.Length > 0 || ns.Emitted.Length > 0 || ns.Authentication is not null;

    private ContractNamespace Read(NamespaceServices ns, string? name, bool isTemplate)
    {
        var handled = ns.Handled.SelectMany(HandlersOf).Select(OfCall).ToList();
        var emitted = ns.Emitted.SelectMany(MethodsOf).Select(OfClient).ToList();
        var brings = handled.Any(static one => one.Arguments?.Any(static argument => ContractSchemas.IsSequence(argument.Schema)) == true);
        var gives = handled.Any(static one => one.Answer is { } answer && ContractSchemas.IsSequence(answer));
        foreach (var (isReader, isThere) in new[] { (true, gives), (false, brings) })
        {
            if (!isThere)
                continue;
            (isReader ? handled : emitted).AddRange(ContractSchemas.SequenceReader());
            (isReader ? emitted : handled).AddRange(ContractSchemas.SequenceWriter());
        }
        if (ns.Authentication is { } authentication)
            AddAuthentication(authentication.Options, handled, emitted);
        return new ContractNamespace(name, isTemplate, Distinct(handled), Distinct(emitted));
    }

    /// <summary>The events of <c>UseAuthentication</c>.</summary>
    private void AddAuthentication(SocketAuthenticationOptions options, List<ContractEvent> handled, List<ContractEvent> emitted)
    {
        if (options.RefreshEvent is { } refresh)
            handled.Add(new ContractEvent(refresh, "Shows a new token.", [new("auth", JsonValue.Create(true), false)], _schemas.SignIn()));
        if (options.ExpiringEvent is { } expiring)
        {
            var seconds = new ContractArgument(
                "seconds", _schemas.Of(typeof(double), isNullable: false, isInput: false), IsOptional: false);
            emitted.Add(new ContractEvent(expiring, "The sign-in expires in so many seconds.", [seconds], Answer: null));
        }
    }

    /// <summary>Of several handlers of an event, the one that answers is the one that a client has to do with.</summary>
    private static ContractEvent[] Distinct(IEnumerable<ContractEvent> events) =>
    [
        .. events.GroupBy(static one => one.Name, StringComparer.Ordinal)
            .Select(static same => same.FirstOrDefault(static one => one.Answer is not null) ?? same.First()),
    ];

    private static IEnumerable<MethodInfo> HandlersOf(Type type) =>
        type.IsInterface ? MethodsOf(type) : HubExtensions.EventMethods(type);

    private static IEnumerable<MethodInfo> MethodsOf(Type contract) =>
        contract.GetInterfaces().Prepend(contract).SelectMany(static one => one.GetMethods()).Where(static one => !one.IsSpecialName);

    private ContractEvent OfCall(MethodInfo method) => Read(method, EntityContract.NameOf(method), isFromClient: true);

    private ContractEvent OfClient(MethodInfo method) => Read(
        method,
        method.GetCustomAttribute<EventAttribute>()?.Name ?? JsonNamingPolicy.CamelCase.ConvertName(method.Name),
        isFromClient: false);

    private ContractEvent Read(MethodInfo method, string name, bool isFromClient)
    {
        var parameters = method.GetParameters();
        var arguments = parameters
            .Where(static one => HandlerBinder.TakesArgument(one.ParameterType))
            .Select(one => new ContractArgument(
                one.Name ?? $"arg{one.Position}",
                ValueOf(method, $"parameter \"{one.Name}\"", _nullability.Create(one), isFromClient),
                one.HasDefaultValue))
            .ToArray();
        return new ContractEvent(
            name,
            method.GetCustomAttribute<DescriptionAttribute>()?.Description,
            Array.Exists(parameters, static one => one.ParameterType == typeof(SocketArguments)) ? null : arguments,
            AnswerOf(method, parameters, isInput: !isFromClient)
        );
    }

    private JsonNode? AnswerOf(MethodInfo method, ParameterInfo[] parameters, bool isInput)
    {
        foreach (var parameter in parameters)
        {
            if (parameter.ParameterType == typeof(Ack))
                return JsonValue.Create(true);
            if (parameter.ParameterType.IsGenericType && parameter.ParameterType.GetGenericTypeDefinition() == typeof(Ack<>))
                return ValueOf(method, "answer", _nullability.Create(parameter).GenericTypeArguments[0], isInput);
        }
        var result = method.ReturnType;
        if (result == typeof(void) || result == typeof(Task) || result == typeof(ValueTask))
            return null;
        var value = _nullability.Create(method.ReturnParameter);
        var isTask = result.IsGenericType
            && (result.GetGenericTypeDefinition() == typeof(Task<>) || result.GetGenericTypeDefinition() == typeof(ValueTask<>));
        return ValueOf(method, "answer", isTask ? value.GenericTypeArguments[0] : value, isInput);
    }

    /// <exception cref="InvalidOperationException">The serializer cannot describe it; it says where it stands, and what it is.</exception>
    private JsonNode ValueOf(MethodInfo method, string what, NullabilityInfo value, bool isInput)
    {
        try
        {
            return ValueOf(value, isInput);
        }
        catch (Exception error) // the serializer's, or of the application's converters and resolvers
        {
            var inside = _schemas.Current is { } current && current != value.Type ? $", in which there is a {current}" : "";
            throw new InvalidOperationException(
                $"The contract cannot be described: the {what} of {method.ReflectedType}.{method.Name} is a {value.Type}{inside}. "
                + error.Message,
                error);
        }
    }

    private JsonNode ValueOf(NullabilityInfo value, bool isInput)
    {
        var isNullable = value.ReadState == NullabilityState.Nullable;
        var sequence = Array.Find([value.Type, .. value.Type.GetInterfaces()], static one =>
            one.IsGenericType && one.GetGenericTypeDefinition() == typeof(IAsyncEnumerable<>));
        return sequence is null
            ? _schemas.Of(value.Type, isNullable, isInput)
            : ContractSchemas.Sequence(_schemas.Of(sequence.GetGenericArguments()[0], isNullable: false, isInput));
    }
}
