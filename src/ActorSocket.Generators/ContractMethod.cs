using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace ActorSocket.Generators;

/// <summary>A method of an interface, as the class that implements it packs its arguments and writes its head.</summary>
internal readonly struct ContractMethod
{
    private const int MaxArguments = 8;

    private static readonly SymbolDisplayFormat Full = SymbolDisplayFormat.FullyQualifiedFormat;

    private readonly IMethodSymbol _method;
    private readonly bool _isCancellable;

    public ContractMethod(IMethodSymbol method)
    {
        _method = method;
        var parameters = method.Parameters;
        _isCancellable = parameters.Length > 0 && IsToken(parameters[parameters.Length - 1]);
        Arguments = _isCancellable ? parameters.RemoveAt(parameters.Length - 1) : parameters;
    }

    /// <summary>All parameters but a token at the end.</summary>
    public ImmutableArray<IParameterSymbol> Arguments { get; }

    /// <summary>Whether arguments like these can be packed at all.</summary>
    public bool CanBePacked =>
        !_method.IsGenericMethod
        && !_method.ReturnsByRef
        && !_method.ReturnsByRefReadonly
        && Arguments.Length <= MaxArguments
        && !_method.Parameters.Any(static parameter =>
            parameter.RefKind != RefKind.None || parameter.Type.IsRefLikeType || parameter.Type.TypeKind == TypeKind.Pointer
        );

    /// <summary>The struct that the arguments are packed into.</summary>
    public string PackedType =>
        "global::ActorSocket.EventArguments"
        + (Arguments.Length == 0 ? "" : "<" + string.Join(", ", Arguments.Select(static one => one.Type.ToDisplayString(Full))) + ">");

    /// <summary>An expression that packs them.</summary>
    public string Packed => $"new {PackedType}({string.Join(", ", Arguments.Select(static one => "@" + one.Name))})";

    /// <summary>The token, or none.</summary>
    public string Token => _isCancellable ? "@" + _method.Parameters[_method.Parameters.Length - 1].Name : "default";

    /// <summary>What stands before the body.</summary>
    public string Head =>
        $"{(_method.ReturnsVoid ? "void" : _method.ReturnType.ToDisplayString(Full))} {_method.ContainingType.ToDisplayString(Full)}"
        + $".@{_method.Name}("
        + string.Join(", ", _method.Parameters.Select(static one => one.Type.ToDisplayString(Full) + " @" + one.Name))
        + ") ";

    public static bool IsToken(IParameterSymbol parameter) => parameter.Type.ToDisplayString() == "System.Threading.CancellationToken";
}
