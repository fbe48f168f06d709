using Microsoft.AspNetCore.Routing.Patterns;

namespace ActorSocket.Transports;

/// <summary>
/// Where an endpoint is mapped, the prefixes of its groups included: which paths are the server's, and what stands behind it in them
/// (E-01).
/// </summary>
internal sealed class EndpointPath
{
    /// <summary>The route parameter that takes what stands behind the path.</summary>
    public const string Rest = "actorsocket-rest";

    private readonly string?[] _segments; // null for one with parameters: routing has matched it

    private EndpointPath(string?[] segments) => _segments = segments;

    /// <exception cref="InvalidOperationException">
    /// The path may end in more than one way, so that what stands behind it cannot be told.
    /// </exception>
    public static EndpointPath Of(RoutePattern pattern, string kind)
    {
        foreach (var parameter in pattern.Parameters)
        {
            if (parameter.Name != Rest && (parameter.IsOptional || parameter.IsCatchAll || parameter.Default is not null))
            {
                throw new InvalidOperationException(
                    $"A {kind} server cannot be mapped to '{pattern.RawText}': its parameter '{parameter.Name}' is optional, " +
                    "has a default or takes several segments. " +
                    "Map it to a path whose parameters each stand for one segment, such as '/{tenant}/socket.io'.");
            }
        }
        return new EndpointPath([.. pattern.PathSegments.SkipLast(1).Select(LiteralOf)]);

        static string? LiteralOf(RoutePatternPathSegment segment) =>
            segment is { IsSimple: true, Parts: [RoutePatternLiteralPart literal] } ? literal.Content : null;
    }

    /// <summary>Routing ignores case, and its catch-all also matches nothing; the path is matched to the letter.</summary>
    /// <param name="path">The request's.</param>
    /// <param name="allowBare">Whether the path without a slash behind it is the server's, too.</param>
    /// <param name="rest">What stands behind the path and its slash.</param>
    public bool TryMatch(ReadOnlySpan<char> path, bool allowBare, out ReadOnlySpan<char> rest)
    {
        rest = path;
        foreach (var expected in _segments)
        {
            if (rest.IsEmpty || rest[0] != '/')
                return false;
            var next = rest[1..].IndexOf('/');
            var segment = next < 0 ? rest[1..] : rest[1..(1 + next)];
            if (expected is not null && !segment.SequenceEqual(expected))
                return false;
            rest = next < 0 ? [] : rest[(1 + next)..];
        }
        if (rest.IsEmpty)
            return allowBare && _segments.Length > 0;
        rest = rest[1..];
        return true;
    }
}
