using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting;

public static class ActorSocketClusterExtensions
{
    private const string Endpoint = "cluster";

    /// <summary>Makes a project one node of the cluster of all that say the same.</summary>
    /// <remarks>
    /// Nodes are reached by their own ports, so nothing of Aspire stands between them, and each is a project of its own:
    /// <c>WithReplicas</c> would give one port to all. Of this machine only, for development.
    /// </remarks>
    public static IResourceBuilder<T> WithActorSocketCluster<T>(this IResourceBuilder<T> node)
        where T : IResourceWithEnvironment, IResourceWithEndpoints
    {
        var resources = node.ApplicationBuilder.Resources;
        var port = node.ApplicationBuilder.Configuration.GetValue("ActorSocket:FirstPort", 8101) + Ports(resources).Count();
        return node
            .WithEndpoint(port, port, scheme: "tcp", name: Endpoint, env: "ActorSocket__Cluster__Port", isProxied: false)
            .WithEnvironment(context =>
            {
                // When it starts all nodes are known. The first forms the cluster, and has the same list.
                foreach (var (index, seed) in Ports(resources).Index())
                    context.EnvironmentVariables[$"ActorSocket__Cluster__SeedNodes__{index}"] = $"127.0.0.1:{seed}";
            });
    }

    private static IEnumerable<int> Ports(IResourceCollection resources) =>
        from resource in resources
        from endpoint in resource.Annotations.OfType<EndpointAnnotation>()
        where endpoint.Name == Endpoint
        select endpoint.TargetPort!.Value;
}
