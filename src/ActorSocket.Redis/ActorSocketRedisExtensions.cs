using ActorSocket;
using ActorSocket.Configuration;
using ActorSocket.Hosting;
using ActorSocket.Redis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using StackExchange.Redis;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>What other programs emit by Redis.</summary>
public static class ActorSocketRedisExtensions
{
    /// <summary>
    /// Takes what <c>@socket.io/redis-emitter</c> and python-socketio's write-only <c>RedisManager</c> publish, and does it to this node's
    /// sockets: emits, joins, leaves, disconnects, events for servers. Every node of a cluster has to call it, for each does its part, as
    /// with the official adapter. Nothing is published. See <c>docs/guide/http-api.md</c>.
    /// </summary>
    /// <remarks>
    /// Configured by the section <c>ActorSocket:Redis</c> and then by <paramref name="configure"/>. Whoever may publish there can do
    /// anything to any client. Redis keeps nothing: what is published while a node is not connected to it does not reach the node's
    /// clients; the log says when that begins and ends.
    /// </remarks>
    /// <param name="builder">What <c>AddActorSocket</c> gave.</param>
    /// <param name="configure">Sets options in code.</param>
    /// <example><code>
    /// builder.Services.AddActorSocket().AddRedisEmitters(options => options.ConnectionString = "redis:6379");
    /// </code></example>
    public static ActorSocketBuilder AddRedisEmitters(this ActorSocketBuilder builder, Action<ActorSocketRedisOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var (services, name) = (builder.Services, builder.Name);
        var options = services.AddOptions<ActorSocketRedisOptions>(name);
        var section = name.Length == 0 ? "ActorSocket:Redis" : $"ActorSocket:{name}:Redis";
        if (!services.Any(service => service.ImplementationInstance is RedisRegistration known && known.Name == name))
        {
            services.AddSingleton(new RedisRegistration(name));
            options
                .Configure<IServiceProvider>((redis, provider) =>
                    provider.GetService<IConfiguration>()?.GetSection(section).Bind(redis))
                .Validate(
                    static redis => redis.Key is not "" && redis.PythonChannel is not "",
                    $"{section}: Key and PythonChannel have a name, or are null."
                )
                .Validate(static redis => IsAddress(redis.ConnectionString), $"{section}:ConnectionString is none that can be read.")
                .ValidateOnStart();
        }
        if (configure is not null)
        {
            Callback.ThrowIfAsyncVoid(configure); // what it sets after its first await would come too late
            options.Configure(configure);
        }
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IServerExtension, RedisExtension>());
        return builder;
    }

    private static bool IsAddress(string text)
    {
        try
        {
            return ConfigurationOptions.Parse(text).EndPoints.Count > 0;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
