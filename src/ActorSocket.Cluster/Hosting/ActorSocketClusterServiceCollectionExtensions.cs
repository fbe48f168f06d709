using ActorSocket;
using ActorSocket.Clustering;
using ActorSocket.Configuration;
using ActorSocket.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>How the Socket.IO servers of an application become one over many processes.</summary>
public static class ActorSocketClusterServiceCollectionExtensions
{
    /// <summary>
    /// Lets the servers of this application take part in a cluster: rooms, broadcasts, <c>FetchSocketsAsync</c>, recovery and entities
    /// then reach over all of its nodes, and a client's requests may come to any of them. The node is configured by the section
    /// <c>ActorSocket:Cluster</c> and then by
    /// <paramref name="configure"/>; without a <see cref="ActorSocketClusterOptions.Port"/>, and without a cluster of the application's
    /// own, each server stays alone.
    /// </summary>
    /// <param name="builder">What <c>AddActorSocket</c> gave.</param>
    /// <param name="configure">Sets options in code.</param>
    /// <example><code>
    /// builder.Services.AddActorSocket().AddCluster(cluster => { cluster.Port = 8101; cluster.SeedNodes.Add("10.0.0.1:8101"); });
    /// </code></example>
    public static ActorSocketBuilder AddCluster(this ActorSocketBuilder builder, Action<ActorSocketClusterOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        var options = services.AddOptions<ActorSocketClusterOptions>();
        if (!services.Any(static service => service.ServiceType == typeof(ClusterExtension)))
        {
            options
                .Configure<IServiceProvider>(
                    static (cluster, provider) => provider.GetService<IConfiguration>()?.GetSection("ActorSocket:Cluster").Bind(cluster)
                )
                .ValidateOnStart();
        }
        if (configure is not null)
        {
            Callback.ThrowIfAsyncVoid(configure); // what it sets after its first await would come too late
            options.Configure(configure);
        }
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IValidateOptions<ActorSocketClusterOptions>, ActorSocketClusterOptionsValidator>()
        );
        services.TryAddSingleton<ClusterMetrics>();
        services.TryAddSingleton<ClusterGauges>();
        services.TryAddSingleton<ClusterExtension>();
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IServerExtension, ClusterExtension>(static provider =>
                provider.GetRequiredService<ClusterExtension>()
            )
        );
        return builder;
    }
}
