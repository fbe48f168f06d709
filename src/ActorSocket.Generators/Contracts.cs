using Microsoft.CodeAnalysis;

namespace ActorSocket.Generators;

/// <summary>What is the same for the interfaces of clients and of entities.</summary>
internal static class Contracts
{
    /// <summary>What <c>[Event]</c> says, or the name in camel case, as System.Text.Json has it.</summary>
    public static string EventName(IMethodSymbol method, string otherwise)
    {
        var said = method
            .GetAttributes()
            .FirstOrDefault(static attribute => attribute.AttributeClass?.ToDisplayString() == "ActorSocket.EventAttribute");
        if (said is { ConstructorArguments.Length: 1 } && said.ConstructorArguments[0].Value is string name)
            return name;
        var letters = otherwise.ToCharArray();
        for (var i = 0; i < letters.Length && char.IsUpper(letters[i]); i++)
        {
            if (i > 0 && i + 1 < letters.Length && !char.IsUpper(letters[i + 1]))
                break; // the next word
            letters[i] = char.ToLowerInvariant(letters[i]);
        }
        return new string(letters);
    }

    /// <summary>Whether another class of the assembly may name the type and what it is made of.</summary>
    public static bool IsVisible(ITypeSymbol type, Compilation compilation)
    {
        if (type is ITypeParameterSymbol)
            return false;
        if (type is not INamedTypeSymbol named)
            return true;
        for (var outer = named; outer is not null; outer = outer.ContainingType)
        {
            if (
                outer.IsFileLocal
                || !compilation.IsSymbolAccessibleWithin(outer, compilation.Assembly)
                || outer.TypeArguments.Any(argument => !IsVisible(argument, compilation))
            )
                return false;
        }
        return true;
    }

    /// <summary>Adds each class once, however often its interface is named.</summary>
    public static void AddSources(
        IncrementalGeneratorInitializationContext context, IncrementalValuesProvider<(string? Name, string? Source)> classes) =>
        context.RegisterSourceOutput(classes.Where(static one => one.Source is not null).Collect(), static (output, all) =>
        {
            var written = new HashSet<string>(StringComparer.Ordinal);
            foreach (var (name, source) in all)
            {
                if (written.Add(name!))
                    output.AddSource(name + ".g.cs", source!);
            }
        });

    /// <summary>Of the class for an interface.</summary>
    public static string ClassName(string prefix, string full) =>
        prefix
        + string.Concat(full.Substring("global::".Length).Select(static c => char.IsLetterOrDigit(c) ? c : '_'))
        + "_"
        + Hash(full);

    /// <summary>Tells names apart that are alike but for their punctuation; the same in each build.</summary>
    private static string Hash(string text)
    {
        var hash = 2166136261u; // FNV-1a
        foreach (var c in text)
            hash = (hash ^ c) * 16777619;
        return hash.ToString("x8", System.Globalization.CultureInfo.InvariantCulture);
    }
}
