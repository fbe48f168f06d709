using ActorSocket.Sockets;
using Microsoft.AspNetCore.Http;

namespace ActorSocket.Api;

/// <summary>A field of a request that is not what it should be.</summary>
internal sealed class RequestException(string field, string message) : Exception(message)
{
    public string Field { get; } = field;
}

/// <summary>What went wrong, as the callers of the HTTP API are told it: problem details, RFC 9457.</summary>
internal static class Problems
{
    public static async ValueTask<object?> OfAsync(Func<ValueTask<object?>> run)
    {
        try
        {
            return await run().ConfigureAwait(false);
        }
        catch (RequestException error)
        {
            return Results.ValidationProblem(new Dictionary<string, string[]>(StringComparer.Ordinal) { [error.Field] = [error.Message] });
        }
        catch (AckTimeoutException error)
        {
            return Problem(StatusCodes.Status504GatewayTimeout, error.Message, new(StringComparer.Ordinal)
            {
                ["missing"] = error.Missing,
                ["answers"] = error.Responses.Select(static response => response.Count > 0 ? response[0].As<object>() : null).ToArray(),
            });
        }
        catch (ClusterTimeoutException error)
        {
            return Problem(StatusCodes.Status504GatewayTimeout, error.Message, new(StringComparer.Ordinal)
            {
                ["missing"] = error.Missing,
                ["missingNodes"] = error.MissingNodes,
            });
        }
        catch (TimeoutException error)
        {
            return Problem(StatusCodes.Status504GatewayTimeout, error.Message);
        }
        catch (Exception error) when (ErrorAnswers.RefusalOf(error) is { } refusal)
        {
            return Problem(StatusCodes.Status422UnprocessableEntity, refusal.Message, new(StringComparer.Ordinal)
            {
                ["code"] = refusal.Code,
                ["data"] = refusal.Data,
            });
        }
        catch (EntityCallException error)
        {
            return Problem(StatusCodes.Status502BadGateway, error.Message);
        }
        catch (SocketsFailedException error)
        {
            // In as many rooms as they may be; or a node failed.
            var status = error.Failed > 0 ? StatusCodes.Status409Conflict : StatusCodes.Status502BadGateway;
            return Problem(status, error.Message, new(StringComparer.Ordinal)
            {
                ["failed"] = error.Failed,
                ["sockets"] = error.Sockets,
                ["missing"] = error.MissingNodes.Count,
                ["missingNodes"] = error.MissingNodes,
            });
        }
        catch (InvalidOperationException error)
        {
            return Problem(StatusCodes.Status409Conflict, error.Message);
        }
        catch (ArgumentException error)
        {
            return Problem(StatusCodes.Status400BadRequest, error.Message);
        }
    }

    private static IResult Problem(int status, string detail, Dictionary<string, object?>? more = null) =>
        Results.Problem(detail, statusCode: status, extensions: more);
}
