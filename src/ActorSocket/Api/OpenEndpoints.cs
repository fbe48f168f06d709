using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;

namespace ActorSocket.Api;

/// <summary>What is only for operators has to say who those are.</summary>
internal static class OpenEndpoints
{
    /// <summary>Fails the start: a forgotten call would let the world in, and nobody would notice.</summary>
    public static void ThrowIfOpen(this EndpointBuilder endpoint, string caller)
    {
        if (!endpoint.Metadata.Any(static item => item is IAuthorizeData or AuthorizationPolicy or IAllowAnonymous))
            throw new InvalidOperationException(
                $"{endpoint.DisplayName} is open to everybody: add .RequireAuthorization(…) to {caller}, or .AllowAnonymous() where only "
                    + "operators reach it."
            );
    }
}
