using ActorSocket.Actors;
using ActorSocket.Diagnostics;
using ActorSocket.Entities;
using Akka.Actor;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ActorSocket.Hosting;

/// <summary>The servers of this host: started with the actor system, drained before Kestrel waits for its connections.</summary>
internal sealed class ActorSocketHost(
    IEnumerable<ActorSocketServerRegistration> registrations,
    IEnumerable<IServerExtension> extensions,
    IServiceProvider services,
    IHostApplicationLifetime lifetime,
    ILoggerFactory loggers
) : IHostedLifecycleService
{
    private readonly ILogger _log = loggers.CreateLogger("ActorSocket");
    private ActorSystem? _system;
    private bool _hasFailed;

    public void Attach(ActorSystem system)
    {
        _system = system;
        foreach (var registration in registrations)
        {
            var server = registration.Get(services).Server;
            foreach (var extension in extensions)
                extension.Attach(server, system);
            server.Entities.Placement ??= new OneNodePlacement(system, server.Name);
            server.Entities.SocketWatcher ??= new LocalSocketWatcher(server.WatchedSockets);
            server.Root = server.Engine.Root = system.ActorOf(
                NamespaceRoot.Props(server),
                server.Name.Length == 0 ? "actorsocket" : "actorsocket-" + server.Name
            );
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        if (_system is null)
        {
            throw new InvalidOperationException(
                "ActorSocket was not started with the actor system. A call of AddAkka after AddActorSocket replaces the one that "
                + "AddActorSocket makes: "
                    + "call AddAkka first, with akka.WithActorSocket() in it."
            );
        }
        EndpointConventions.Check(services);
        foreach (var registration in registrations)
            registration.Get(services).Server.Entities.StartAll();
        lifetime.ApplicationStopping.Register(OnStopping);
        _ = EndWithSystemAsync(_system);
        foreach (var extension in extensions)
            extension.OnStarted(_system, lifetime.ApplicationStopping);
        var limit = services.GetService<IOptions<HostOptions>>()?.Value.ShutdownTimeout;
        foreach (var options in registrations.Select(registration => registration.Get(services).Server.Options))
        {
            if (limit < options.DrainPeriod + options.DrainTimeout)
                _log.ShutdownTooShort(limit.Value, options.DrainPeriod, options.DrainTimeout);
        }
        return Task.CompletedTask;
    }

    /// <summary>With one upgraded connection open Kestrel would wait for its whole shutdown timeout; so this comes first.</summary>
    public Task StoppingAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(registrations.Select(registration => registration.Get(services).CloseAsync(cancellationToken)));

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        if (_hasFailed)
            Environment.ExitCode = 1; // Akka has one of its own, -1
        return Task.CompletedTask;
    }

    /// <summary>
    /// A node that the others have downed ends its process, so that its supervisor starts a new one: its sessions are unknown from there
    /// on.
    /// </summary>
    private async Task EndWithSystemAsync(ActorSystem system)
    {
        await system.WhenTerminated.ConfigureAwait(false);
        lifetime.StopApplication();
    }

    /// <summary>The host stops: by itself, or because the actor system has ended, which Akka.Hosting notices too.</summary>
    private void OnStopping()
    {
        if (_system is not { WhenTerminated.IsCompleted: true })
            return;
        _hasFailed = true;
        _log.ActorSystemEnded();
    }
}

/// <summary>One server by the name it was added with.</summary>
internal sealed record ActorSocketServerRegistration(string Name)
{
    public ActorSocketServer Get(IServiceProvider services) =>
        Microsoft.Extensions.DependencyInjection.ServiceProviderKeyedServiceExtensions.GetRequiredKeyedService<ActorSocketServer>(
            services,
            Name
        );
}
