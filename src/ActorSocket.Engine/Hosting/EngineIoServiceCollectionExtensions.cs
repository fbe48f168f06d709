using ActorSocket;
using ActorSocket.Configuration;
using ActorSocket.Diagnostics;
using ActorSocket.Hosting;
using ActorSocket.Transports;
using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>How an ASP.NET Core application gets an Engine.IO server.</summary>
public static class EngineIoServiceCollectionExtensions
{
    /// <summary>
    /// Adds an Engine.IO server, for <c>MapEngineIo</c>: what <c>engine.io</c> is on Node.js. (A Socket.IO server has an engine of its own
    /// and needs none.) Its options come from the configuration section <c>EngineIo</c> and then from <paramref name="configure"/>. It
    /// lives in the application's actor system (<c>AddAkka</c>), or starts one where there is none.
    /// </summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Sets options in code.</param>
    /// <param name="name">Tells several servers of one host apart; the options of a named one come from <c>EngineIo:{name}</c>.</param>
    /// <example><code>
    /// builder.Services.AddEngineIo(options => options.PingInterval = TimeSpan.FromSeconds(25));
    /// app.MapEngineIo("/engine.io", connection => connection.OnMessage(message => connection.Send(message.Text ?? "binary")));
    /// </code></example>
    /// <returns>The services.</returns>
    public static IServiceCollection AddEngineIo(
        this IServiceCollection services,
        Action<EngineIoOptions>? configure = null,
        string name = ""
    )
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(name);
        if (configure is not null && Callback.IsAsyncVoid(configure.Method))
            throw new ArgumentException("It is async: what it sets after its first await would come too late.", nameof(configure));
        services.AddOptions<EngineIoOptions>(name)
            .Configure<IServiceProvider>((options, provider) =>
                provider.GetService<IConfiguration>()?.GetSection(name.Length == 0 ? "EngineIo" : "EngineIo:" + name).Bind(options))
            .Configure(options => configure?.Invoke(options))
            .ValidateOnStart();
        if (services.Any(service => service.ImplementationInstance is EngineIoRegistration known && known.Name == name))
            return services;
        services.AddSingleton(new EngineIoRegistration(name));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<EngineIoOptions>, EngineIoOptionsValidator>());
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<EngineMetrics>();
        services.AddKeyedSingleton(name, (provider, _) => new EngineIoServer(
            provider.GetRequiredService<IOptionsMonitor<EngineIoOptions>>().Get(name),
            provider.GetRequiredService<EngineMetrics>(),
            provider.GetRequiredService<ILoggerFactory>(),
            provider.GetRequiredService<TimeProvider>()));
        if (name.Length == 0)
            services.AddSingleton(provider => provider.GetRequiredKeyedService<EngineIoServer>(name));
        ConnectionTakeover.AddTo(services);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, EngineIoHost>());
        if (services.Any(service => service.ServiceType == typeof(ActorSystem)))
            return services;
        services.AddSingleton<EngineIoOwnsActorSystem>();
        return services.AddAkka("actorsocket", (akka, _) => akka
            .AddHocon(EmbeddedHocon.Read(typeof(EmbeddedHocon).Assembly, "system"), HoconAddMode.Append)
            .AddHocon(EmbeddedHocon.Read(typeof(EmbeddedHocon).Assembly, "engine"), HoconAddMode.Append)
            .ConfigureLoggers(loggers =>
            {
                loggers.ClearLoggers();
                loggers.AddLoggerFactory();
            }));
    }
}
