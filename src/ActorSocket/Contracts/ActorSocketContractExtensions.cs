using ActorSocket;
using ActorSocket.Api;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps the contract of a Socket.IO server as documents.</summary>
public static class ActorSocketContractExtensions
{
    /// <summary>
    /// Maps <c>asyncapi.json</c>, an AsyncAPI 3.0 document, and <c>socket.d.ts</c>, TypeScript declarations, below the path. They are
    /// written when one of them is first asked for, and describe what is mapped by then. See <c>docs/guide/contract.md</c>.
    /// </summary>
    /// <remarks>
    /// They name every event, also those that only some users may send, and the calls of entities. So it has to be said who may see them:
    /// by <c>RequireAuthorization</c>, or by <c>AllowAnonymous</c>. An application that says neither does not start.
    /// </remarks>
    /// <param name="endpoints">The application, or a group.</param>
    /// <param name="pattern">The path.</param>
    /// <param name="name">The server's name, when it was added with one.</param>
    /// <returns>The endpoints, for conventions.</returns>
    /// <exception cref="InvalidOperationException"><c>AddActorSocket</c> was not called.</exception>
    /// <example><code>
    /// app.MapActorSocketContract("/contract").RequireAuthorization("developers");
    /// </code></example>
    public static RouteGroupBuilder MapActorSocketContract(
        this IEndpointRouteBuilder endpoints,
        string pattern = "/contract",
        string name = ""
    )
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        var io = endpoints.ServerOf(name, nameof(MapActorSocketContract));
        ServerContract? written = null;
        var gate = new Lock(); // who asks meanwhile waits; where it fails, it is tried again
        var group = endpoints.MapGroup(pattern).ExcludeFromDescription().WithDisplayName("The contract of a Socket.IO server");
        ((IEndpointConventionBuilder)group).Finally(static endpoint => endpoint.ThrowIfOpen(nameof(MapActorSocketContract)));
        group.MapGet(ServerContract.AsyncApiFile, () => Results.Text(Contract().AsyncApi, "application/json"));
        group.MapGet(ServerContract.TypeScriptFile, () => Results.Text(Contract().TypeScript, "text/plain"));
        return group;

        ServerContract Contract()
        {
            lock (gate)
                return written ??= io.DescribeContract();
        }
    }
}
