using ActorSocket;
using ActorSocket.Configuration;
using ActorSocket.Diagnostics;
using ActorSocket.Entities;
using ActorSocket.Hosting;
using ActorSocket.Sockets;
using ActorSocket.Transports;
using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds Socket.IO servers to an application.</summary>
public static class ActorSocketServiceCollectionExtensions
{
    /// <summary>
    /// Adds a server. Its options come from the configuration section <c>ActorSocket</c> and then from <paramref name="configure"/>. Starts
    /// an actor system unless the application has called <c>AddAkka</c> before; that one then needs <c>WithActorSocket</c>.
    /// </summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Sets options in code.</param>
    /// <param name="name">Tells several servers of one host apart; the options of a named one come from <c>ActorSocket:{name}</c>.</param>
    /// <example><code>
    /// builder.Services.AddActorSocket(o => o.PingInterval = TimeSpan.FromSeconds(25));
    /// var io = app.MapActorSocket("/socket.io");
    /// </code></example>
    public static ActorSocketBuilder AddActorSocket(
        this IServiceCollection services,
        Action<ActorSocketOptions>? configure = null,
        string name = ""
    )
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(name);
        if (configure is not null)
            Callback.ThrowIfAsyncVoid(configure); // what it sets after its first await would come too late
        services.AddOptions<ActorSocketOptions>(name)
            .Configure<IServiceProvider>((options, provider) =>
                provider.GetService<IConfiguration>()?.GetSection(name.Length == 0 ? "ActorSocket" : "ActorSocket:" + name).Bind(options))
            .Configure(options => configure?.Invoke(options))
            .ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ActorSocketOptions>, ActorSocketOptionsValidator>());
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ActorSocketMetrics>();
        if (
            services.Any(service =>
                service.ServiceType == typeof(ActorSocketServerRegistration)
                && service.ImplementationInstance is ActorSocketServerRegistration known
                && known.Name == name
            )
        )
            return new ActorSocketBuilder(services, name);
        services.AddSingleton(new ActorSocketServerRegistration(name));
        services.AddKeyedSingleton<EntityServices>(name);
        services.AddKeyedSingleton(name, (provider, _) => new ActorSocketServer(new ServerServices(
            name,
            provider.GetRequiredService<IOptionsMonitor<ActorSocketOptions>>().Get(name),
            provider.GetRequiredService<ActorSocketMetrics>(),
            provider.GetRequiredService<ILoggerFactory>(),
            provider.GetRequiredService<TimeProvider>(),
            provider)));
        if (name.Length == 0)
            services.AddSingleton(provider => provider.GetRequiredKeyedService<ActorSocketServer>(name));
        ConnectionTakeover.AddTo(services);
        services.TryAddSingleton<ActorSocketHost>();
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IHostedService, ActorSocketHost>(provider => provider.GetRequiredService<ActorSocketHost>())
        );
        var isEngines = services.Any(service => service.ServiceType == typeof(EngineIoOwnsActorSystem)); // this server's is one for both
        services.RemoveAll<EngineIoOwnsActorSystem>();
        if (isEngines || !services.Any(service => service.ServiceType == typeof(ActorSystem)))
        {
            services.AddAkka(
                "actorsocket",
                (akka, provider) =>
                {
                    akka.AddHocon(EmbeddedHocon.Read(typeof(EmbeddedHocon).Assembly, "system"), HoconAddMode.Append)
                        .WithActorSocket()
                        .ConfigureLoggers(loggers =>
                        {
                            loggers.ClearLoggers();
                            loggers.AddLoggerFactory();
                        });
                    foreach (var extension in provider.GetServices<IServerExtension>())
                        extension.Configure(akka);
                }
            );
        }
        return new ActorSocketBuilder(services, name);
    }

    /// <summary>Reports unhealthy while the server drains or has not started: for a readiness probe.</summary>
    public static IHealthChecksBuilder AddActorSocket(this IHealthChecksBuilder checks, params string[] tags)
    {
        ArgumentNullException.ThrowIfNull(checks);
        return checks.Add(
            new HealthCheckRegistration("actorsocket", static provider => new ReadyCheck(provider), HealthStatus.Unhealthy, tags)
        );
    }

    private sealed class ReadyCheck(IServiceProvider provider) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            foreach (var registration in provider.GetServices<ActorSocketServerRegistration>())
            {
                var server = registration.Get(provider).Server;
                if (server.Engine.IsDraining)
                    return Task.FromResult(HealthCheckResult.Unhealthy("The server drains."));
                if (server.Root.IsNobody())
                    return Task.FromResult(HealthCheckResult.Unhealthy("The server has not started."));
                if (!server.Engine.Placement.IsReady)
                    return Task.FromResult(
                        HealthCheckResult.Unhealthy("This node is no full member of the cluster, or cannot reach most of it.")
                    );
            }
            return Task.FromResult(HealthCheckResult.Healthy());
        }
    }
}
