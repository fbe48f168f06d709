using System.Security.Claims;

namespace ActorSocket.Data;

/// <summary>What tells one authenticated user from another.</summary>
internal static class UserName
{
    /// <summary>Null for who is not authenticated, or has no name.</summary>
    public static string? Of(ClaimsPrincipal? user) => user?.Identity is { IsAuthenticated: true } identity
        ? user.FindFirst(ClaimTypes.NameIdentifier)?.Value ?? user.FindFirst("sub")?.Value ?? identity.Name
        : null;

    /// <summary>Whether they are certainly two.</summary>
    public static bool Differ(ClaimsPrincipal? one, ClaimsPrincipal? other) =>
        Of(one) is { } first && Of(other) is { } second && !string.Equals(first, second, StringComparison.Ordinal);
}
