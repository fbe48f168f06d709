using ActorSocket.Transports;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket.Hosting;

/// <summary>The conventions that an application adds to a server's endpoint, such as <c>RequireAuthorization</c>.</summary>
/// <param name="kind">Of the server, in the words of its users.</param>
internal sealed class EndpointConventions(string kind)
{
    private readonly List<Action<EndpointBuilder>> _conventions = [];
    private readonly List<Action<EndpointBuilder>> _final = [];

    public void Add(Action<EndpointBuilder> convention) => _conventions.Add(convention);

    public void Finally(Action<EndpointBuilder> convention) => _final.Add(convention);

    /// <summary>Maps a server's one endpoint, which takes all that is below a path.</summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="path">The path, with a slash before it and none behind.</param>
    /// <param name="handler">What serves the requests.</param>
    /// <param name="displayName">For the logs.</param>
    /// <exception cref="InvalidOperationException">The path is no pattern, or one that may end in more than one way.</exception>
    public void Map(IEndpointRouteBuilder endpoints, string path, RequestDelegate handler, string displayName)
    {
        var template = PatternOf(path);
        EndpointPath.Of(template, kind); // what is wrong with it is said here; of a group's prefix by Check
        var builder = endpoints.Map(template, handler).WithDisplayName(displayName);
        builder.Add(route =>
        {
            foreach (var convention in _conventions)
                convention(route);
        });
        builder.Finally(route =>
        {
            route.Metadata.Add(WholePath(((RouteEndpointBuilder)route).RoutePattern));
            route.Metadata.Add(NoOutputCache.Instance);
            route.Metadata.Add(new DisableRequestTimeoutAttribute());
            foreach (var convention in _final)
                convention(route);
        });
    }

    /// <summary>
    /// At the start of the host: a group's prefix is known when the endpoints are made, which is by the first request otherwise, and would
    /// fail that and all others.
    /// </summary>
    /// <exception cref="InvalidOperationException">With its prefix a path may end in more than one way.</exception>
    public static void Check(IServiceProvider services)
    {
        try
        {
            _ = services.GetService<EndpointDataSource>()?.Endpoints;
        }
        catch (GroupPrefixException)
        {
            throw;
        }
        catch (Exception)
        {
            // Another endpoint of the application's: whoever asks for it hears of that, as ever.
        }
    }

    private EndpointPath WholePath(RoutePattern pattern)
    {
        try
        {
            return EndpointPath.Of(pattern, kind);
        }
        catch (InvalidOperationException error)
        {
            throw new GroupPrefixException(error.Message);
        }
    }

    private RoutePattern PatternOf(string path)
    {
        try
        {
            return RoutePatternFactory.Parse($"{path.TrimEnd('/')}/{{**{EndpointPath.Rest}}}");
        }
        catch (RoutePatternException error)
        {
            throw new InvalidOperationException($"A {kind} server cannot be mapped to '{path}': {error.Message}", error);
        }
    }

    /// <summary>Behind the prefix of its group a server cannot be.</summary>
    private sealed class GroupPrefixException(string message) : InvalidOperationException(message);
}
