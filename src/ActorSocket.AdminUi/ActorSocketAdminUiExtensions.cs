using ActorSocket;
using ActorSocket.AdminUi;
using ActorSocket.Configuration;
using ActorSocket.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>The official Admin UI of Socket.IO.</summary>
public static class ActorSocketAdminUiExtensions
{
    /// <summary>
    /// Lets the Admin UI look at the server, and act on its sockets: that of <c>MapActorSocketAdminUi</c>, or any other (official:
    /// <c>instrument</c>). Configured by the section <c>ActorSocket:AdminUi</c> and then by <paramref name="configure"/>. In a cluster it
    /// is called on every node, with the same options: any of them then shows them all.
    /// </summary>
    /// <param name="builder">What <c>AddActorSocket</c> gave.</param>
    /// <param name="configure">Sets options in code; who may sign in is to be said here or in the configuration.</param>
    /// <example><code>
    /// builder.Services.AddActorSocket().AddAdminUi(options =&gt; options.UsePolicy("admins"));
    /// </code></example>
    public static ActorSocketBuilder AddAdminUi(
        this ActorSocketBuilder builder, Action<ActorSocketAdminUiOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var (services, name) = (builder.Services, builder.Name);
        var options = services.AddOptions<ActorSocketAdminUiOptions>(name);
        if (!services.Any(service => service.ImplementationInstance is AdminUiRegistration known && known.Name == name))
        {
            services.AddSingleton(new AdminUiRegistration(name));
            options
                .Configure<IServiceProvider>((admin, provider) =>
                    provider.GetService<IConfiguration>()?.GetSection(AdminUiOptionsValidator.SectionOf(name)).Bind(admin))
                .ValidateOnStart();
        }
        if (configure is not null)
        {
            Callback.ThrowIfAsyncVoid(configure); // what it sets after its first await would come too late
            options.Configure(configure);
        }
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ActorSocketAdminUiOptions>, AdminUiOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IServerExtension, AdminUiExtension>());
        return builder;
    }

    /// <summary>
    /// Serves the Admin UI itself: the page of the package <c>@socket.io/admin-ui</c>, which the build takes from npm. It asks its user for
    /// the server, the namespace and the path, and is given those of this server to begin with.
    /// </summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="pattern">
    /// The path of the page, with everything below it. Not that of the Socket.IO server; it may be called as the namespace is.
    /// </param>
    /// <param name="name">The server's name, when it was added with one.</param>
    /// <returns>The page, for conventions such as <c>RequireAuthorization</c>: these guard its files, not the namespace.</returns>
    /// <exception cref="InvalidOperationException"><c>AddAdminUi</c> was not called.</exception>
    public static IEndpointConventionBuilder MapActorSocketAdminUi(
        this IEndpointRouteBuilder endpoints, string pattern = "/admin", string name = "")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        if (!endpoints.ServiceProvider.GetServices<AdminUiRegistration>().Any(registration => registration.Name == name))
        {
            throw new InvalidOperationException(
                $"The server {(name.Length == 0 ? "" : $"named '{name}' ")}has no Admin UI: "
                + "call builder.Services.AddActorSocket(…).AddAdminUi(…) before MapActorSocketAdminUi."
            );
        }
        var server = endpoints.ServiceProvider.GetRequiredKeyedService<ActorSocketServer>(name);
        var options = endpoints.ServiceProvider.GetRequiredService<IOptionsMonitor<ActorSocketAdminUiOptions>>();
        var files = new AdminUiFiles(server, () => options.Get(name).NamespaceName);
        return endpoints
            .MapMethods($"/{pattern.Trim('/')}/{{**{AdminUiFiles.RouteValue}}}".Replace("//", "/", StringComparison.Ordinal),
                [HttpMethods.Get, HttpMethods.Head], files.ServeAsync)
            .WithDisplayName("ActorSocket Admin UI");
    }
}
