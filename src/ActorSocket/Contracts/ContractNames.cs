namespace ActorSocket.Contracts;

/// <summary>
/// Short names for types, each its own: of those that have one in common each takes along what it stands in, as far as is needed.
/// </summary>
internal sealed class ContractNames
{
    /// <summary>What the declarations need themselves.</summary>
    private static readonly HashSet<string> Taken = new(StringComparer.Ordinal)
    {
        "Answer", "Array", "ArrayBuffer", "Blob", "BinaryFromServer", "BinaryToServer", "ClientToServerEvents", "Entities", "Namespaces",
        "Promise", "Record", "Refusal", "Sequence", "ServerToClientEvents", "Socket", "Uint8Array",
    };

    private readonly Dictionary<Type, string> _names = [];
    private readonly Dictionary<Type, string> _inputs = [];
    private readonly HashSet<string> _used = new(Taken, StringComparer.Ordinal);

    public ContractNames(IReadOnlyList<Type> types)
    {
        var left = types.ToList();
        for (var depth = 0; left.Count > 0; depth++)
        {
            var groups = left.GroupBy(type => Identifier.Of(Qualified(type, depth)), StringComparer.Ordinal).ToArray();
            left.Clear();
            foreach (var group in groups)
            {
                var same = group.ToArray();
                var isLast = depth > 8; // nothing more to take along
                if (same.Length == 1 && _used.Add(group.Key))
                    _names[same[0]] = group.Key;
                else if (isLast)
                    Array.ForEach(same, type => _names[type] = Identifier.Unused(group.Key, _used));
                else
                    left.AddRange(same);
            }
        }
    }

    /// <param name="type">One of those.</param>
    /// <param name="isInput">Whether it has another shape where the client writes it.</param>
    public string Of(Type type, bool isInput)
    {
        if (!isInput)
            return _names[type];
        if (!_inputs.TryGetValue(type, out var name))
            _inputs[type] = name = Identifier.Unused(_names[type] + "Input", _used);
        return name;
    }

    private static string Qualified(Type type, int depth)
    {
        var around = new List<string>();
        for (var outer = type.DeclaringType; outer is not null; outer = outer.DeclaringType)
            around.Add(Bare(outer));
        around.AddRange((type.Namespace ?? "").Split('.').Reverse());
        return string.Concat(around.Take(depth).Reverse().Append(Short(type)));
    }

    private static string Short(Type type)
    {
        if (type.IsArray)
            return Short(type.GetElementType()!) + "Array";
        return type.IsGenericType ? $"{Bare(type)}Of{string.Join("And", type.GetGenericArguments().Select(Short))}" : type.Name;
    }

    private static string Bare(Type type) => type.Name.Split('`')[0];
}
