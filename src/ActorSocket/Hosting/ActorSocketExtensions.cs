using System.Reflection;
using Akka.Actor;
using Akka.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ActorSocket.Clustering;
using ActorSocket.Diagnostics;
using ActorSocket.Hosting;
using ActorSocket.Sockets;
using ActorSocket.Transports;

namespace ActorSocket;

/// <summary>How an ASP.NET Core application gets a Socket.IO server.</summary>
public static class ActorSocketExtensions
{
    /// <summary>
    /// Adds a server. Its options come from the configuration section <c>ActorSocket</c> and then from <paramref name="configure"/>. Starts an actor system
    /// unless the application has called <c>AddAkka</c> before; that one then needs <see cref="WithActorSocket"/>.
    /// </summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Sets options in code.</param>
    /// <param name="name">Tells several servers of one host apart; the options of a named one come from <c>ActorSocket:{name}</c>.</param>
    /// <example><code>
    /// builder.Services.AddActorSocket(o => o.PingInterval = TimeSpan.FromSeconds(25));
    /// var io = app.MapActorSocket("/socket.io");
    /// </code></example>
    public static IServiceCollection AddActorSocket(this IServiceCollection services, Action<ActorSocketOptions>? configure = null, string name = "")
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
        services.AddOptions<ActorSocketClusterOptions>()
            .Configure<IServiceProvider>(static (options, provider) => provider.GetService<IConfiguration>()?.GetSection("ActorSocket:Cluster").Bind(options))
            .ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ActorSocketClusterOptions>, ActorSocketClusterOptionsValidator>());
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ActorSocketMetrics>();
        if (services.Any(service => service.ServiceType == typeof(ActorSocketServerRegistration) && service.ImplementationInstance is ActorSocketServerRegistration known && known.Name == name))
            return services;
        services.AddSingleton(new ActorSocketServerRegistration(name));
        services.AddKeyedSingleton(name, (provider, _) => new ActorSocketServer(new ServerServices(
            name,
            provider.GetRequiredService<IOptionsMonitor<ActorSocketOptions>>().Get(name),
            provider.GetRequiredService<ActorSocketMetrics>(),
            provider.GetRequiredService<ILoggerFactory>(),
            provider.GetRequiredService<TimeProvider>(),
            provider)));
        if (name.Length == 0)
            services.AddSingleton(provider => provider.GetRequiredKeyedService<ActorSocketServer>(name));
        if (!services.Any(service => service.ImplementationType == typeof(ConnectionTakeover.Setup)))
            services.Insert(0, ServiceDescriptor.Singleton<IConfigureOptions<KestrelServerOptions>, ConnectionTakeover.Setup>()); // first: what the application sets wins
        services.TryAddSingleton<ActorSocketHost>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, ActorSocketHost>(provider => provider.GetRequiredService<ActorSocketHost>()));
        if (!services.Any(service => service.ServiceType == typeof(ActorSystem)))
        {
            services.AddAkka("actorsocket", (akka, provider) =>
            {
                akka.AddHocon(ReadHocon("system"), HoconAddMode.Append).WithActorSocket().ConfigureLoggers(loggers => { loggers.ClearLoggers(); loggers.AddLoggerFactory(); });
                if (provider.GetRequiredService<IOptions<ActorSocketClusterOptions>>().Value is { IsEnabled: true } cluster)
                    akka.WithActorSocketCluster(cluster);
            });
        }
        return services;
    }

    /// <summary>Sets in code how this process becomes a node of a cluster, after the configuration section <c>ActorSocket:Cluster</c>.</summary>
    public static IServiceCollection ConfigureActorSocketCluster(this IServiceCollection services, Action<ActorSocketClusterOptions> configure)
    {
        Callback.ThrowIfAsyncVoid(configure);
        return services.PostConfigure(configure);
    }

    /// <summary>
    /// Lets the servers of <see cref="AddActorSocket(IServiceCollection, Action{ActorSocketOptions}?, string)"/> live in the application's own actor system: for use within its
    /// <c>AddAkka</c>. It adds serializers, a mailbox and a dispatcher of its own to the configuration, and changes nothing else.
    /// </summary>
    public static AkkaConfigurationBuilder WithActorSocket(this AkkaConfigurationBuilder akka)
    {
        ArgumentNullException.ThrowIfNull(akka);
        return akka
            .AddHocon(ReadHocon("reference"), HoconAddMode.Append) // Append: the application's own HOCON wins
            .WithActors((system, _, resolver) => resolver.GetService<ActorSocketHost>().Attach(system));
    }

    /// <summary>
    /// Makes the application's own actor system a node of a cluster as <see cref="AddActorSocket(IServiceCollection, Action{ActorSocketOptions}?, string)"/> does it for its
    /// own: remoting, discovery, split-brain resolver. For use within <c>AddAkka</c>, beside <see cref="WithActorSocket"/>; an application that has a cluster already leaves it
    /// out, and its ActorSocket servers take part in that one.
    /// </summary>
    /// <param name="akka">The application's actor system.</param>
    /// <param name="options">The node.</param>
    /// <param name="systemName">The name that <c>AddAkka</c> was given: a part of every node's address.</param>
    public static AkkaConfigurationBuilder WithActorSocketCluster(this AkkaConfigurationBuilder akka, ActorSocketClusterOptions options, string systemName = "actorsocket")
    {
        ArgumentNullException.ThrowIfNull(akka);
        ArgumentNullException.ThrowIfNull(options);
        return akka
            .AddHocon(ClusterHocon.Render(systemName, options), HoconAddMode.Prepend)
            .AddHocon(ReadHocon("cluster"), HoconAddMode.Append);
    }

    /// <summary>Maps the Socket.IO endpoint. Every transport and the upgrade run behind the conventions added to the result.</summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="pattern">
    /// The path, without a trailing slash. Official: <c>path</c>. Behind the prefix of a group (<c>MapGroup</c>); with parameters, each for one segment, such as
    /// <c>/{tenant}/socket.io</c>, whose values are in <see cref="Handshake.RouteValues"/>. With <c>/</c> the server gets whatever no other endpoint takes.
    /// </param>
    /// <param name="name">The server's name, when it was added with one.</param>
    /// <returns>The server: handlers are added with <c>Of</c> and <c>OnConnection</c>.</returns>
    /// <exception cref="InvalidOperationException">
    /// <see cref="AddActorSocket(IServiceCollection, Action{ActorSocketOptions}?, string)"/> was not called, or a parameter of the path is optional, has a default or is a catch-all.
    /// </exception>
    public static ActorSocketServer MapActorSocket(this IEndpointRouteBuilder endpoints, string pattern = "/socket.io", string name = "")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        var server = endpoints.ServiceProvider.GetKeyedService<ActorSocketServer>(name)
            ?? throw new InvalidOperationException($"No server {(name.Length == 0 ? "" : $"named '{name}' ")}was added: call builder.Services.AddActorSocket(…) before MapActorSocket.");
        var path = "/" + pattern.Trim('/');
        var template = PathOf(path);
        EndpointPath.Of(template); // what is wrong with it is said here; of a group's prefix when the endpoints are made
        var builder = endpoints.Map(template, new ActorSocketEndpoint(server.Services).HandleAsync).WithDisplayName($"ActorSocket {path}");
        builder.Add(route =>
        {
            foreach (var convention in server.Conventions)
                convention(route);
        });
        builder.Finally(route =>
        {
            route.Metadata.Add(EndpointPath.Of(((RouteEndpointBuilder)route).RoutePattern));
            route.Metadata.Add(NoOutputCache.Instance);
            route.Metadata.Add(new DisableRequestTimeoutAttribute());
            foreach (var convention in server.FinalConventions)
                convention(route);
        });
        return server;
    }

    private static RoutePattern PathOf(string path)
    {
        try
        {
            return RoutePatternFactory.Parse($"{path.TrimEnd('/')}/{{**{EndpointPath.Rest}}}");
        }
        catch (RoutePatternException error)
        {
            throw new InvalidOperationException($"A Socket.IO server cannot be mapped to '{path}': {error.Message}", error);
        }
    }

    /// <summary>
    /// Lets the WebSockets of an endpoint of Kestrel's outlive their requests, which frees 6 KB of each. Every endpoint has it already, except behind TLS,
    /// where it is to be called after <c>UseHttps</c>, and in an application that calls <c>ConfigureEndpointDefaults</c>, where it belongs within.
    /// </summary>
    /// <example><code>
    /// builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenAnyIP(443, endpoint => endpoint.UseHttps().UseActorSocket()));
    /// </code></example>
    public static ListenOptions UseActorSocket(this ListenOptions endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        ConnectionTakeover.AddTo(endpoint);
        return endpoint;
    }

    /// <summary>
    /// Serves every connection on the threads that poll their sockets, one for each processor, as Node.js serves all on its one: an event on a WebSocket is read, handled and
    /// answered without a change of thread, unless its socket is busy with an earlier one. What that saves: docs/PERFORMANCE.md. To be called before anything in the process
    /// opens a socket, at best as the first of the program.
    /// </summary>
    /// <remarks>
    /// It is the whole process's choice: ASP.NET Core's requests, and what other sockets of the process wait for (<c>HttpClient</c>, databases), go on on those threads too.
    /// <b>Nothing on them may block or compute for long</b>: a handler that does holds up every connection of its thread, and one that blocks until a socket brings something
    /// (<c>.Result</c>) may wait for itself. <c>await</c> is no blocking; what must be done in one go belongs into <c>Task.Run</c>. It sets <see cref="ActorSocketOptions.InlineHandlers"/>, Kestrel's <c>UnsafePreferInlineScheduling</c> and .NET's environment variable
    /// <c>DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS</c>, which does nothing on Windows.
    /// </remarks>
    /// <example><code>
    /// var builder = WebApplication.CreateBuilder(args);
    /// builder.WebHost.UseInlineSockets();
    /// </code></example>
    public static IWebHostBuilder UseInlineSockets(this IWebHostBuilder host)
    {
        ArgumentNullException.ThrowIfNull(host);
        Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
        return host.ConfigureServices(static services => services
            .Configure<SocketTransportOptions>(static sockets => sockets.UnsafePreferInlineScheduling = true)
            .PostConfigureAll<ActorSocketOptions>(static options => options.InlineHandlers = true));
    }

    /// <summary>Reports unhealthy while the server drains or has not started: for a readiness probe.</summary>
    public static IHealthChecksBuilder AddActorSocket(this IHealthChecksBuilder checks, params string[] tags)
    {
        ArgumentNullException.ThrowIfNull(checks);
        return checks.Add(new HealthCheckRegistration("actorsocket", static provider => new ReadyCheck(provider), HealthStatus.Unhealthy, tags));
    }

    private static Akka.Configuration.Config ReadHocon(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"ActorSocket.hocon.{name}.conf")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private sealed class ReadyCheck(IServiceProvider provider) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            foreach (var registration in provider.GetServices<ActorSocketServerRegistration>())
            {
                var server = registration.Get(provider).Services;
                if (server.IsDraining)
                    return Task.FromResult(HealthCheckResult.Unhealthy("The server drains."));
                if (server.Root.IsNobody())
                    return Task.FromResult(HealthCheckResult.Unhealthy("The server has not started."));
                if (!server.Placement.IsReady)
                    return Task.FromResult(HealthCheckResult.Unhealthy("This node is no full member of the cluster, or cannot reach most of it."));
            }
            return Task.FromResult(HealthCheckResult.Healthy());
        }
    }
}
