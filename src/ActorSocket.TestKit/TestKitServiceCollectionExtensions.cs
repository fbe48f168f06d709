using ActorSocket.TestKit;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>What a test adds to an application of its own or another's.</summary>
public static class TestKitServiceCollectionExtensions
{
    /// <summary>
    /// Lets a test see when all actors of the application have done what they had to do, and with a clock, lets the application's time be
    /// the test's. For <c>ConfigureTestServices</c> of a <c>WebApplicationFactory</c>, after the application's own services;
    /// <see cref="ActorSocketTestServer.StartAsync"/> does it itself.
    /// </summary>
    /// <param name="services">The application's services, with its <c>AddActorSocket</c>.</param>
    /// <param name="clock">
    /// What tells the time to whoever asks for a <see cref="TimeProvider"/>, and to the actor system; null for real time.
    /// </param>
    /// <exception cref="InvalidOperationException">There is no actor system: <c>AddActorSocket</c> comes first.</exception>
    public static IServiceCollection AddActorSocketTestKit(this IServiceCollection services, VirtualClock? clock = null) =>
        services.AddActorSocketTestKit(clock, "");

    /// <param name="services">The application's services.</param>
    /// <param name="clock">Null for real time.</param>
    /// <param name="hocon">What else the actor system is to know.</param>
    internal static IServiceCollection AddActorSocketTestKit(this IServiceCollection services, VirtualClock? clock, string hocon)
    {
        ArgumentNullException.ThrowIfNull(services);
        var akka = services.LastOrDefault(static service => service.ServiceType == typeof(AkkaConfigurationBuilder));
        if (akka?.ImplementationFactory is not { } make)
            throw new InvalidOperationException(
                "AddActorSocketTestKit comes after AddActorSocket, or AddAkka: it changes that actor system."
            );
        // made by the container, which then disposes it
        services.AddSingleton(_ => new TestKitParts(clock));
        services.Replace(ServiceDescriptor.Singleton(provider =>
            ((AkkaConfigurationBuilder)make(provider))
                .AddHocon(provider.GetRequiredService<TestKitParts>().Hocon + "\n" + hocon, HoconAddMode.Prepend)));
        services.AddSingleton<ILoggerProvider>(static provider => provider.GetRequiredService<TestKitParts>().Notes);
        services.Configure<LoggerFilterOptions>(static filters => filters
            .AddFilter<ServerNotes>(null, LogLevel.Warning)
            .AddFilter<ServerNotes>("ActorSocket", LogLevel.Debug));
        if (clock is not null)
        {
            services.Replace(ServiceDescriptor.Singleton<TimeProvider>(clock));
            services.AddHostedService<FlowAtTheEnd>(); // after the server's own, so before it when they stop
        }
        return services;
    }
}
